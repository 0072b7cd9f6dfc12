import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, waitFor } from "storybook/test";
import type { AuthState, Identity } from "../src/core/authState.ts";
import { Authenticated } from "../src/react/Authenticated.tsx";
import { AuthProvider } from "../src/react/AuthProvider.tsx";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { Unauthenticated } from "../src/react/Unauthenticated.tsx";
import { createTestAuthClient } from "../src/testing/createTestAuthClient.ts";

const ada: Identity = { subject: "ada@example.org", isGuest: false, sessionId: "s-1", claims: null };
const guest: Identity = { subject: "guest-7", isGuest: true, sessionId: "s-2", claims: null };

interface GuardArgs {
  state: AuthState;
  allowGuests: boolean;
}

const meta: Meta<GuardArgs> = {
  title: "Guards",
  args: { allowGuests: false },
  render: ({ state, allowGuests }) => (
    <AuthProvider client={createTestAuthClient({ state })}>
      <div className="sheet">
        <h1>A page behind a guard</h1>
        <RequireAuth
          allowGuests={allowGuests}
          loading={<p role="status">Looking for your session…</p>}
          fallback={(auth) => <p className="notice">{reasonFor(auth)}</p>}
        >
          <p>Your letters: three new ones.</p>
        </RequireAuth>
        <Authenticated>
          <p className="quiet">Somebody is signed in.</p>
        </Authenticated>
        <Unauthenticated>
          <p className="quiet">Nobody is signed in.</p>
        </Unauthenticated>
      </div>
    </AuthProvider>
  ),
};
export default meta;

type Story = StoryObj<GuardArgs>;

export const Loading: Story = { args: { state: { status: "loading" } }, play: shows("Looking for your session…") };
export const User: Story = { args: { state: { status: "authenticated", identity: ada } }, play: shows("Your letters") };
export const GuestKeptOut: Story = {
  args: { state: { status: "authenticated", identity: guest } },
  play: shows("This page is for people with an account."),
};
export const GuestAllowed: Story = {
  args: { state: { status: "authenticated", identity: guest }, allowGuests: true },
  play: shows("Your letters"),
};
export const NeverSignedIn: Story = { args: { state: out("none", null) }, play: shows("Please sign in.") };
export const SignedOut: Story = { args: { state: out("signedOut", ada) }, play: shows("You have signed out.") };
export const Expired: Story = { args: { state: out("expired", ada) }, play: shows("Your session has expired.") };
export const Revoked: Story = { args: { state: out("revoked", ada) }, play: shows("Your session was ended") };

function out(reason: "none" | "signedOut" | "expired" | "revoked", previousIdentity: Identity | null): AuthState {
  return { status: "unauthenticated", reason, previousIdentity };
}

function reasonFor(state: AuthState): string {
  if (state.status !== "unauthenticated") return "This page is for people with an account.";
  return {
    none: "Please sign in.",
    signedOut: "You have signed out.",
    expired: "Your session has expired. Sign in again to go on where you were.",
    revoked: "Your session was ended on another device.",
  }[state.reason];
}

function shows(text: string): NonNullable<Story["play"]> {
  return async ({ canvasElement }) => {
    await waitFor(() => expect(canvasElement).toHaveTextContent(text));
  };
}
