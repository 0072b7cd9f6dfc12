import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useEffect, useState, useSyncExternalStore } from "react";
import { expect, userEvent, waitFor, within } from "storybook/test";
import type { AuthClient } from "../src/core/authClient.ts";
import { type IdleSignOut, signOutWhenIdle } from "../src/endings/signOutWhenIdle.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryServer } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";
import { Tab } from "./Tab.tsx";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Session/Away from the keyboard" };
export default meta;

const ada = { username: "ada@example.org", password };

interface Watched {
  readonly auth: AuthClient;
  readonly idle: IdleSignOut;
}

function Warning({ idle }: { idle: IdleSignOut }): ReactElement | null {
  const signsOutAt = useSyncExternalStore(idle.subscribe, idle.getState);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  if (signsOutAt === null) return null;
  const leftSeconds = Math.max(0, Math.ceil((signsOutAt - now) / 1_000));
  return (
    <p className="problem" role="alert">
      Still there? You are signed out in {leftSeconds === 1 ? "a second" : `${leftSeconds} seconds`}.{" "}
      <button className="plain" type="button" onClick={idle.stay}>
        I am here
      </button>
    </p>
  );
}

/** Nothing but the button counts here: whoever watches the story moves the mouse. */
const renderWith = (afterMs: number, warnMs: number): NonNullable<StoryObj["render"]> =>
  function TwoTabs() {
    return (
      <StoryServer
        prepare={async (world) => {
          await world.addAccount(ada.username);
          const tabs = [world.openTab(), world.openTab()].map(
            (auth): Watched => ({ auth, idle: signOutWhenIdle(auth, { afterMs, warnMs, activity: () => () => {} }) }),
          );
          for (const { auth } of tabs) auth.start();
          await tabs[0]?.auth.signIn(ada);
          return tabs;
        }}
      >
        {(world, tabs) => (
          <>
            <div className="tabs">
              {tabs.map(({ auth, idle }, index) => (
                <Tab auth={auth} key={String(index)}>
                  <SessionCard title={index === 0 ? "First tab" : "Second tab"}>
                    <Warning idle={idle} />
                  </SessionCard>
                </Tab>
              ))}
            </div>
            <WireLog world={world} />
          </>
        )}
      </StoryServer>
    );
  };

type Canvas = Parameters<NonNullable<StoryObj["play"]>>[0]["canvas"];
const patience = { timeout: 20_000 };

const bothWarn = async (canvas: Canvas): Promise<void> => {
  await waitFor(() => expect(canvas.getAllByRole("alert")).toHaveLength(2), patience);
};

export const WarnedInBothTabs: StoryObj = {
  parameters: {
    watch: "Nobody has done anything for a while: both tabs warn, at the same moment and with the same count.",
  },
  render: renderWith(60_000, 58_000),
  play: async ({ canvas, step }) => {
    await step("do nothing", () => bothWarn(canvas));
  },
};

export const StayedByOneButton: StoryObj = {
  parameters: { watch: "“I am here” was pressed in the second tab: the warning has gone from both." },
  render: renderWith(34_000, 30_000),
  play: async ({ canvas, step }) => {
    await step("do nothing until both warn", () => bothWarn(canvas));
    await step("say in the second tab that you are here", async () => {
      const second = within(canvas.getByRole("region", { name: "Second tab" }));
      await userEvent.click(second.getByRole("button", { name: "I am here" }));
      await waitFor(() => expect(canvas.queryAllByRole("alert")).toHaveLength(0));
    });
  },
};

export const SignedOutOfBothTabs: StoryObj = {
  parameters: { watch: "Nobody answered the warning: both tabs are signed out, and the server was told." },
  render: renderWith(4_000, 2_000),
  play: async ({ canvas, step }) => {
    await step("do nothing until both warn", () => bothWarn(canvas));
    await step("do nothing until both are signed out", async () => {
      await waitFor(() => expect(canvas.getAllByText("signed out (signedOut)")).toHaveLength(2), patience);
    });
  },
};
