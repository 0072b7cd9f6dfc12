import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Sign in/A guest becomes a user" };
export default meta;

const email = "ada@example.org";

function Account(): ReactElement {
  const auth = useAuth();
  const subject = auth.status === "authenticated" ? auth.identity.subject : "";
  const isGuest = auth.status === "authenticated" && auth.identity.isGuest;
  return (
    <SessionCard
      title={isGuest ? "Looking around" : "Here to stay"}
      facts={
        <>
          <dt>Server’s id</dt>
          <dd>
            <code data-testid="subject">{subject}</code>
          </dd>
        </>
      }
      actions={
        isGuest && (
          <button className="main" type="button" onClick={() => void auth.register({ email, password })}>
            Create an account
          </button>
        )
      }
    >
      <p className="quiet hint">
        {isGuest
          ? "What a guest writes is theirs as long as the session lasts."
          : "The same id: nothing had to be moved."}
      </p>
    </SessionCard>
  );
}

export const KeepsTheirId: StoryObj = {
  parameters: {
    watch:
      "The guest has made an account: the id is the guest’s, so whatever was theirs still is. The server saw no sign-out.",
  },
  render: () => (
    <StoryApp options={{ upgradeGuest: true }} prepare={(_, auth) => auth.signInAsGuest()}>
      {(world) => (
        <>
          <Account />
          <WireLog world={world} />
        </>
      )}
    </StoryApp>
  ),
  play: async ({ canvas, step }) => {
    const subject = (await canvas.findByTestId("subject")).textContent;
    await step("create an account", async () => {
      await userEvent.click(canvas.getByRole("button", { name: "Create an account" }));
      await expect(await canvas.findByText("Here to stay")).toBeVisible();
      await waitFor(() => expect(canvas.getByText(email)).toBeVisible());
    });
    await expect(canvas.getByTestId("subject")).toHaveTextContent(subject ?? "");
  },
};
