import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement } from "react";
import { expect, userEvent } from "storybook/test";
import type { AuthClient } from "../src/core/authClient.ts";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { SignInForm } from "./SignInForm.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Sign in" };
export default meta;

/** A name that an address may have, and that no layout expects. */
const longAddress = "maria-magdalena.theodorakopoulou-van-der-meulen.accounting@subsidiary.department.example.org";

/** What there is to say before it is known who is signed in. */
function Looking({ world }: { world: StoryWorld }): ReactElement {
  const isWaiting = useAuth((auth) => auth.activity.kind === "waiting");
  return (
    <div className="sheet">
      <p role="status">
        {isWaiting
          ? "The server cannot be reached. You are signed in as before once it can."
          : "Looking for your session…"}
      </p>
      {isWaiting && (
        <div className="buttons">
          <button className="plain" type="button" onClick={() => world.setOnline(true)}>
            Plug the cable in
          </button>
        </div>
      )}
    </div>
  );
}

const page = (email: string, prepare?: (world: StoryWorld, auth: AuthClient) => unknown) => (): ReactElement => (
  <StoryApp
    prepare={async (world, auth) => {
      await world.addAccount(email);
      await prepare?.(world, auth);
    }}
  >
    {(world) => (
      <RequireAuth
        loading={<Looking world={world} />}
        fallback={
          <div className="sheet">
            <SignInForm username={email} />
            <p className="quiet hint">The password is “{password}”.</p>
          </div>
        }
      >
        <SessionCard title="Welcome back" />
      </RequireAuth>
    )}
  </StoryApp>
);

export const Form: StoryObj = {
  parameters: {
    watch:
      "An app that found no session shows its form at once: there was nobody here before, so nothing had to be asked.",
  },
  render: page("ada@example.org"),
  play: async ({ canvas }) => {
    await expect(await canvas.findByLabelText("Password")).toBeVisible();
    await expect(canvas.getByRole("button", { name: "Sign in" })).toBeEnabled();
  },
};

export const WrongPassword: StoryObj = {
  parameters: { watch: "A wrong password is told in the form; what was typed stays, and nothing else changes." },
  render: page("ada@example.org"),
  play: async ({ canvas }) => {
    await userEvent.type(await canvas.findByLabelText("Password"), "not the password{Enter}");
    await expect(await canvas.findByRole("alert")).toHaveTextContent("The e-mail or the password is wrong.");
  },
};

export const ByKeyboardAlone: StoryObj = {
  parameters: { watch: "Signed in without a pointer: see where the focus is now that the form is gone." },
  render: page("ada@example.org"),
  play: async ({ canvas }) => {
    const email = await canvas.findByLabelText("E-mail");
    await userEvent.tab();
    await expect(email).toHaveFocus();
    await userEvent.tab();
    await expect(canvas.getByLabelText("Password")).toHaveFocus();
    await userEvent.keyboard(password);
    await userEvent.tab();
    await expect(canvas.getByRole("button", { name: "Sign in" })).toHaveFocus();
    await userEvent.keyboard("{Enter}");
    await expect(await canvas.findByText("ada@example.org")).toBeVisible();
    await userEvent.tab();
    await expect(canvas.getByRole("button", { name: "Sign out" })).toHaveFocus();
  },
};

const withoutNetwork = page("ada@example.org", async (world) => {
  // The cookie of an earlier visit, and a connection that is gone.
  const earlier = world.openTab();
  await earlier.signIn({ username: "ada@example.org", password });
  earlier.dispose();
  world.setOnline(false);
});

export const ServerOutOfReach: StoryObj = {
  parameters: {
    watch: "Somebody was signed in here before, and the server cannot be reached: nobody is told to sign in.",
  },
  render: withoutNetwork,
  play: async ({ canvas }) => {
    await expect(await canvas.findByRole("button", { name: "Plug the cable in" })).toBeVisible();
    await expect(canvas.queryByLabelText("Password")).toBeNull();
  },
};

export const ServerBackInReach: StoryObj = {
  parameters: { watch: "The server is back, and so is the session of the earlier visit, without a password." },
  render: withoutNetwork,
  play: async ({ canvas, step }) => {
    await canvas.findByRole("button", { name: "Plug the cable in" });
    await step("plug the cable in", async () =>
      userEvent.click(await canvas.findByRole("button", { name: "Plug the cable in" })),
    );
    await expect(await canvas.findByText("ada@example.org", {}, { timeout: 10_000 })).toBeVisible();
  },
};

export const LongAddress: StoryObj = {
  parameters: { watch: "A long address stays inside its card." },
  render: page(longAddress),
  play: async ({ canvas, canvasElement }) => {
    await userEvent.type(await canvas.findByLabelText("Password"), `${password}{Enter}`);
    await expect(await canvas.findByText(longAddress)).toBeVisible();
    await expect(canvasElement.scrollWidth).toBeLessThanOrEqual(canvasElement.clientWidth);
  },
};

function GuestPage() {
  const auth = useAuth();
  return (
    <>
      <SessionCard title="Your basket" />
      <div className="sheet">
        {auth.status === "authenticated" && auth.identity.isGuest ? (
          <SignInForm title="Make an account" action="register" username="grace@example.org" />
        ) : auth.status === "authenticated" ? (
          <p>The basket is yours now.</p>
        ) : (
          <button className="main" type="button" onClick={() => void auth.signInAsGuest()}>
            Go on as a guest
          </button>
        )}
      </div>
    </>
  );
}

const asGuest = (): ReactElement => <StoryApp options={{ guests: "onRequest" }}>{() => <GuestPage />}</StoryApp>;

export const Guest: StoryObj = {
  parameters: { watch: "One click begins a session without an account, and the offer to make one stands beside it." },
  render: asGuest,
  play: async ({ canvas }) => {
    await userEvent.click(await canvas.findByRole("button", { name: "Go on as a guest" }));
    await expect(await canvas.findByText("guest")).toBeVisible();
    await expect(canvas.getByLabelText("Password")).toBeVisible();
  },
};

export const GuestBecomesUser: StoryObj = {
  parameters: { watch: "The guest has made an account: the same page, now as a user, and the basket came along." },
  render: asGuest,
  play: async ({ canvas, step }) => {
    await step("go on as a guest", async () => {
      await userEvent.click(await canvas.findByRole("button", { name: "Go on as a guest" }));
      await expect(await canvas.findByText("guest")).toBeVisible();
    });
    await step("make an account", async () => {
      await userEvent.type(canvas.getByLabelText("Password"), password);
      await userEvent.click(canvas.getByRole("button", { name: "Make an account" }));
      await expect(await canvas.findByText("The basket is yours now.")).toBeVisible();
      await expect(await canvas.findByText("grace@example.org")).toBeVisible();
    });
  },
};
