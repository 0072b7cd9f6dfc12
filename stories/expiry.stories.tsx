import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useMemo, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { authorizeFetch } from "../src/adapters/authorizeFetch.ts";
import { isAuthError } from "../src/core/authError.ts";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAuth } from "../src/react/useAuth.ts";
import { useAuthClient } from "../src/react/useAuthClient.ts";
import { SignInForm } from "./SignInForm.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { origin, password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session/Expiry in place" };
export default meta;

const ada = { username: "ada@example.org", password };
const grace = { username: "grace@example.org", password };

type Fate = "on its way" | "sent" | "not sent: somebody else signed in" | "not sent";
type Outbox = Readonly<Record<string, Fate>>;

/** Sends a letter and the address that it goes to: two requests that a session may end under. */
function useOutbox(world: StoryWorld) {
  const auth = useAuthClient();
  const [outbox, setOutbox] = useState<Outbox>({});
  const api = useMemo(() => authorizeFetch(auth, { fetch: world.fetch }), [auth, world]);
  const send = (): void => {
    for (const [what, path] of [
      ["Letter", "letters"],
      ["Address", "addresses"],
    ] as const) {
      const settle = (fate: Fate): void => setOutbox((former) => ({ ...former, [what]: fate }));
      settle("on its way");
      api(`${origin}/api/${path}`, { method: "POST" }).then(
        (response) => settle(response.ok ? "sent" : "not sent"),
        (error: unknown) =>
          settle(isAuthError(error, "identityChanged") ? "not sent: somebody else signed in" : "not sent"),
      );
    }
  };
  return { outbox, send };
}

function Letters({ world }: { world: StoryWorld }): ReactElement {
  const auth = useAuthClient();
  const isIn = useAuth(({ status }) => status === "authenticated");
  const { outbox, send } = useOutbox(world);
  const entries = Object.entries(outbox);
  return (
    <div className="pair">
      <div>
        <RequireAuth
          whenExpired="hide"
          fallback={
            <div className="sheet">
              <p className="notice">Your session has expired. Nothing of what you wrote is lost.</p>
              <SignInForm title="Sign in again" username={ada.username} />
            </div>
          }
        >
          <div className="sheet">
            <h2>A letter</h2>
            <label>
              Text
              <textarea className="draft" rows={4} />
            </label>
            <div className="buttons">
              <button className="main" type="button" onClick={send}>
                Send
              </button>
              <button className="plain" type="button" onClick={() => void world.loseSession(auth)}>
                Let a week pass
              </button>
            </div>
          </div>
        </RequireAuth>
      </div>
      <section className="sheet" aria-label="Outbox">
        <h2>Outbox</h2>
        {entries.length === 0 && <p className="quiet">Nothing yet.</p>}
        <ul className="list">
          {entries.map(([what, fate]) => (
            <li key={what}>
              {what}
              <span className="badge" data-kind={fate === "sent" ? "good" : fate === "on its way" ? "wait" : "quiet"}>
                {fate === "on its way" && !isIn ? "held until you are back" : fate}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

const render = (): ReactElement => (
  <StoryApp
    options={{ onSessionEnd: "hold" }}
    prepare={async (world, auth) => {
      await world.addAccount(ada.username);
      await world.addAccount(grace.username);
      await auth.signIn(ada);
    }}
  >
    {(world) => <Letters world={world} />}
  </StoryApp>
);

type Play = NonNullable<StoryObj["play"]>;

/** Writes half a sentence, and sends it a week too late. */
const sendTooLate = async ({ canvas }: Pick<Parameters<Play>[0], "canvas">): Promise<void> => {
  await userEvent.type(await canvas.findByLabelText("Text"), "Half a sentence");
  await userEvent.click(canvas.getByRole("button", { name: "Let a week pass" }));
  await waitFor(() => expect(canvas.getByText("Nothing yet.")).toBeVisible());
  await userEvent.click(canvas.getByRole("button", { name: "Send" }));
  await expect(await canvas.findByLabelText("Password")).toBeVisible();
  await expect(canvas.getAllByText("held until you are back")).toHaveLength(2);
};

export const Expired: StoryObj = {
  parameters: {
    watch: "The session is over: the page asks for the password in place, and the two requests wait in the outbox.",
  },
  render,
  play: ({ canvas, step }) => step("the session ends under two requests", () => sendTooLate({ canvas })),
};

export const SameUserComesBack: StoryObj = {
  parameters: {
    watch: "The same person is back: both held requests went out, and half the sentence is still in the field.",
  },
  render,
  play: async ({ canvas, step }) => {
    await step("the session ends under two requests", () => sendTooLate({ canvas }));
    await step("they go out when the same person is back, and the draft is still there", async () => {
      await userEvent.type(canvas.getByLabelText("Password"), `${password}{Enter}`);
      await waitFor(() => expect(canvas.getAllByText("sent")).toHaveLength(2), { timeout: 5_000 });
      await expect(canvas.getByLabelText("Text")).toHaveValue("Half a sentence");
    });
  },
};

export const SomebodyElseSignsIn: StoryObj = {
  parameters: {
    watch: "Somebody else signed in instead: nothing of the first person was sent, and the field is empty.",
  },
  render,
  play: async ({ canvas, step }) => {
    await step("the session ends under two requests", () => sendTooLate({ canvas }));
    await step("nothing of it is sent as another person, or shown to them", async () => {
      await userEvent.clear(canvas.getByLabelText("E-mail"));
      await userEvent.type(canvas.getByLabelText("E-mail"), grace.username);
      await userEvent.type(canvas.getByLabelText("Password"), `${password}{Enter}`);
      await waitFor(() => expect(canvas.getAllByText("not sent: somebody else signed in")).toHaveLength(2));
      await expect(canvas.getByLabelText("Text")).toHaveValue("");
    });
  },
};
