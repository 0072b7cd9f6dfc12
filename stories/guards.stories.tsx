import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement, ReactNode } from "react";
import { expect, within } from "storybook/test";
import type { AuthState, Identity } from "../src/core/authState.ts";
import { Authenticated } from "../src/react/Authenticated.tsx";
import { AuthProvider } from "../src/react/AuthProvider.tsx";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { Unauthenticated } from "../src/react/Unauthenticated.tsx";
import { createTestAuthClient } from "../src/testing/createTestAuthClient.ts";

const ada: Identity = { subject: "ada@example.org", isGuest: false, sessionId: "s-1", claims: null };
const guest: Identity = { subject: "guest-7", isGuest: true, sessionId: "s-2", claims: null };

const letters = "Your letters: three new ones.";
const looking = "Looking for your session…";
const forEditors = "This page is for editors.";

interface GuardArgs {
  state: AuthState;
}

const meta: Meta<GuardArgs> = {
  title: "Guards",
  render: ({ state }) => (
    <AuthProvider client={createTestAuthClient({ state })}>
      <h1>{headingFor(state)}</h1>
      <div className="guards">
        <Guard name="<RequireAuth>">
          <RequireAuth loading={<p role="status">{looking}</p>} fallback={(auth) => <p>{reasonFor(auth)}</p>}>
            <p>{letters}</p>
          </RequireAuth>
        </Guard>
        <Guard name="<RequireAuth allowGuests>">
          <RequireAuth
            allowGuests
            loading={<p role="status">{looking}</p>}
            fallback={(auth) => <p>{reasonFor(auth)}</p>}
          >
            <p>{letters}</p>
          </RequireAuth>
        </Guard>
        <Guard name={'<RequireAuth whenExpired="hide">'}>
          <RequireAuth
            whenExpired="hide"
            loading={<p role="status">{looking}</p>}
            fallback={(auth) => <p>{reasonFor(auth)}</p>}
          >
            <p>{letters}</p>
          </RequireAuth>
        </Guard>
        <Guard name="<RequireAuth when={isEditor}>">
          <RequireAuth
            when={({ claims }) => claims?.["role"] === "editor"}
            forbidden={<p>{forEditors}</p>}
            loading={<p role="status">{looking}</p>}
            fallback={(auth) => <p>{reasonFor(auth)}</p>}
          >
            <p>{letters}</p>
          </RequireAuth>
        </Guard>
        <Guard name="<RequireAuth>, nothing else given">
          <RequireAuth>
            <p>{letters}</p>
          </RequireAuth>
        </Guard>
        <Guard name="<Authenticated>">
          <Authenticated>
            <p>Somebody is signed in.</p>
          </Authenticated>
        </Guard>
        <Guard name="<Unauthenticated>">
          <Unauthenticated>
            <p>Nobody is signed in.</p>
          </Unauthenticated>
        </Guard>
      </div>
    </AuthProvider>
  ),
};
export default meta;

/** One guard and what it lets through; a guard that renders nothing says so by a style. */
function Guard({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <section className="guard" aria-label={name}>
      <code>{name}</code>
      <div className="slot">{children}</div>
    </section>
  );
}

type Story = StoryObj<GuardArgs>;

const nothing = "";

export const Loading: Story = {
  parameters: {
    watch: "Before it is known who is signed in, each guard shows its `loading`, or nothing: no form flashes.",
  },
  args: { state: { status: "loading" } },
  play: shows([looking, looking, looking, looking, nothing, nothing, nothing]),
};
export const User: Story = {
  parameters: { watch: "A user passes every guard but the one that asks for a role." },
  args: { state: { status: "authenticated", identity: ada } },
  play: shows([letters, letters, letters, forEditors, letters, "Somebody is signed in.", nothing]),
};
export const Editor: Story = {
  parameters: { watch: "With the role in the claims, the guard that asks for it lets its content through as well." },
  args: { state: { status: "authenticated", identity: { ...ada, claims: { role: "editor" } } } },
  play: shows([letters, letters, letters, letters, letters, "Somebody is signed in.", nothing]),
};
const forAccounts = "This page is for people with an account.";
export const Guest: Story = {
  parameters: { watch: "A guest passes `<Authenticated>`, and `<RequireAuth>` only where it says `allowGuests`." },
  args: { state: { status: "authenticated", identity: guest } },
  play: shows([forAccounts, letters, forAccounts, forAccounts, nothing, "Somebody is signed in.", nothing]),
};
export const NeverSignedIn: Story = {
  parameters: { watch: "Nobody was ever here: the fallback says what to do." },
  args: { state: out("none", null) },
  play: showsOut("Please sign in."),
};
export const SignedOut: Story = {
  parameters: { watch: "Somebody signed out: the fallback knows the reason." },
  args: { state: out("signedOut", ada) },
  play: showsOut("You have signed out."),
};
export const Expired: Story = {
  parameters: {
    watch: 'After an expiry `whenExpired="hide"` keeps its content, hidden, so that what was typed is still there.',
  },
  args: { state: out("expired", ada) },
  play: async (context) => {
    await showsOut("Your session has expired. Sign in again to go on where you were.")(context);
    const kept = within(context.canvas.getByLabelText('<RequireAuth whenExpired="hide">')).getByText(letters);
    await expect(kept).not.toBeVisible();
  },
};
export const Revoked: Story = {
  parameters: { watch: "A session that was ended elsewhere says so." },
  args: { state: out("revoked", ada) },
  play: showsOut("Your session was ended on another device."),
};

function out(reason: "none" | "signedOut" | "expired" | "revoked", previousIdentity: Identity | null): AuthState {
  return { status: "unauthenticated", reason, previousIdentity };
}

function headingFor(state: AuthState): string {
  if (state.status === "loading") return "Not known yet";
  if (state.status === "authenticated") return state.identity.isGuest ? "A guest" : "A user";
  return { none: "Never signed in", signedOut: "Signed out", expired: "Expired", revoked: "Revoked" }[state.reason];
}

function reasonFor(state: AuthState): string {
  if (state.status !== "unauthenticated") return forAccounts;
  return {
    none: "Please sign in.",
    signedOut: "You have signed out.",
    expired: "Your session has expired. Sign in again to go on where you were.",
    revoked: "Your session was ended on another device.",
  }[state.reason];
}

/** What each guard lets through, in the order of the page, as somebody sees it. */
function shows(texts: readonly string[]): NonNullable<Story["play"]> {
  return async ({ canvasElement }) => {
    const slots = [...canvasElement.querySelectorAll<HTMLElement>(".slot")];
    await expect(slots.map((slot) => slot.innerText.trim())).toEqual(texts);
  };
}

function showsOut(text: string): NonNullable<Story["play"]> {
  return shows([text, text, text, text, nothing, nothing, "Nobody is signed in."]);
}
