import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement } from "react";
import { expect, userEvent } from "storybook/test";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";

const meta: Meta = { title: "Session/User switch" };
export default meta;

const ada = { username: "ada@example.org", password };

function SwitchPage(): ReactElement {
  const { signIn } = useAuth();
  const become = (username: string) => () => void signIn({ username, password });
  return (
    <>
      <SessionCard
        title="One computer, two people"
        actions={
          <>
            <button className="plain" type="button" onClick={become("ada@example.org")}>
              Ada sits down
            </button>
            <button className="plain" type="button" onClick={become("grace@example.org")}>
              Grace sits down
            </button>
          </>
        }
      />
    </>
  );
}

export const UserSwitch: StoryObj = {
  render: () => (
    <StoryApp
      prepare={async (world, auth) => {
        await world.addAccount("ada@example.org");
        await world.addAccount("grace@example.org");
        await auth.signIn(ada);
      }}
    >
      {() => <SwitchPage />}
    </StoryApp>
  ),
  play: async ({ canvas, canvasElement }) => {
    await expect(await canvas.findByText("ada@example.org")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Grace sits down" }));
    await expect(await canvas.findByText("grace@example.org")).toBeVisible();
    await expect(canvasElement).not.toHaveTextContent("ada@example.org");
  },
};
