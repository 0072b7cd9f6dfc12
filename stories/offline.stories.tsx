import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session/Offline" };
export default meta;

const ada = { username: "ada@example.org", password };

function ConnectionPage({ world }: { world: StoryWorld }): ReactElement {
  const [isOnline, setIsOnline] = useState(true);
  const activity = useAuth((auth) => auth.activity);
  const refresh = useAuth((auth) => auth.refresh);
  const toggle = (): void => {
    world.setOnline(!isOnline);
    setIsOnline(!isOnline);
    refresh().catch(() => {});
  };
  return (
    <>
      {!isOnline && <p className="notice">You are offline. You stay signed in; the rest follows when you are back.</p>}
      <SessionCard
        title="On a train"
        facts={
          <>
            <dt>Connection</dt>
            <dd>{isOnline ? "online" : "offline"}</dd>
            <dt>Client</dt>
            <dd data-testid="activity">{activity.kind}</dd>
          </>
        }
        actions={
          <button className="main" type="button" onClick={toggle}>
            {isOnline ? "Into the tunnel" : "Out of the tunnel"}
          </button>
        }
      />
    </>
  );
}

const render = (): ReactElement => (
  <StoryApp
    prepare={async (world, auth) => {
      await world.addAccount(ada.username);
      await auth.signIn(ada);
    }}
  >
    {(world) => <ConnectionPage world={world} />}
  </StoryApp>
);

type Canvas = Parameters<NonNullable<StoryObj["play"]>>[0]["canvas"];

const goIntoTunnel = async (canvas: Canvas): Promise<void> => {
  await expect(await canvas.findByText("ada@example.org")).toBeVisible();
  await userEvent.click(canvas.getByRole("button", { name: "Into the tunnel" }));
  await waitFor(() => expect(canvas.getByTestId("activity")).toHaveTextContent("waiting"));
  await expect(canvas.getByText("authenticated")).toBeVisible();
};

export const InTheTunnel: StoryObj = {
  parameters: { watch: "No network: the client waits, the page says so, and the account is still there." },
  render,
  play: ({ canvas, step }) => step("into the tunnel", () => goIntoTunnel(canvas)),
};

export const OfflineAndBack: StoryObj = {
  parameters: {
    watch: "Back from the tunnel: the client has made up for the refresh that it missed, and nobody had to sign in.",
  },
  render,
  play: async ({ canvas, step }) => {
    await step("into the tunnel", () => goIntoTunnel(canvas));
    await step("and out of it again", async () => {
      await userEvent.click(canvas.getByRole("button", { name: "Out of the tunnel" }));
      await waitFor(() => expect(canvas.getByTestId("activity")).toHaveTextContent("idle"), { timeout: 10_000 });
      await expect(canvas.getByText("authenticated")).toBeVisible();
    });
  },
};
