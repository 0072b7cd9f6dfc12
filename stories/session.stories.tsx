import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useEffect, useMemo, useState } from "react";
import { expect, userEvent, waitFor, within } from "storybook/test";
import { authorizeFetch } from "../src/adapters/authorizeFetch.ts";
import { parseClaims } from "../src/core/claims.ts";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAccessToken } from "../src/react/useAccessToken.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { useAuthClient } from "../src/react/useAuthClient.ts";
import { SessionCard } from "./SessionCard.tsx";
import { SignInForm } from "./SignInForm.tsx";
import { StoryApp, Tab } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session" };
export default meta;

const ada = { username: "ada@example.org", password };

function Countdown({ world }: { world: StoryWorld }): ReactElement {
  const token = useAccessToken();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const claims = token === null ? null : parseClaims(token);
  const lifetime = (claims?.expiresAt ?? 1) - (claims?.issuedAt ?? 0);
  const left = Math.max(0, (claims?.expiresAt ?? 0) - now / 1000);
  return (
    <section className="sheet" aria-label="Access token">
      <h2>Access token</h2>
      <p>
        {left.toFixed(1)} s left of {lifetime} s
      </p>
      <meter className="life" aria-label="Lifetime left" min={0} max={lifetime} low={lifetime / 4} value={left} />
      <p className="quiet" data-testid="refreshes">
        {world.refreshCount()} silent refreshes so far
      </p>
    </section>
  );
}

export const SilentRefresh: StoryObj = {
  render: () => (
    <StoryApp
      options={{ accessTokenLifetimeSeconds: 12 }}
      prepare={async (world, auth) => {
        await world.addAccount(ada.username);
        await auth.signIn(ada);
      }}
    >
      {(world) => (
        <>
          <SessionCard title="Signed in for good">
            <label>
              A draft that no refresh disturbs
              <textarea className="draft" rows={2} />
            </label>
          </SessionCard>
          <Countdown world={world} />
        </>
      )}
    </StoryApp>
  ),
  play: async ({ canvas }) => {
    const draft = await canvas.findByLabelText("A draft that no refresh disturbs");
    await userEvent.type(draft, "Dear Grace,");
    await waitFor(() => expect(canvas.getByTestId("refreshes")).not.toHaveTextContent(/^0 /), { timeout: 20_000 });
    await expect(draft).toHaveValue("Dear Grace,");
    await expect(canvas.getByText("authenticated")).toBeVisible();
  },
};

function LetterPage({ world }: { world: StoryWorld }): ReactElement {
  const auth = useAuthClient();
  const [answer, setAnswer] = useState("");
  const api = useMemo(() => authorizeFetch(auth, { fetch: world.fetch }), [auth, world]);

  const send = async (): Promise<void> => {
    setAnswer("Sending…");
    const response = await api(`${auth.baseUrl}/users/me`).catch(() => null);
    setAnswer(response?.ok ? "Your letter was sent." : "Your letter was not sent.");
  };
  const sendTooLate = async (): Promise<void> => {
    await world.loseSession(auth);
    await send();
  };

  return (
    <div className="sheet">
      <h2>A letter</h2>
      <label>
        Text
        <textarea className="draft" rows={3} />
      </label>
      <div className="buttons">
        <button className="main" type="button" onClick={() => void send()}>
          Send
        </button>
        <button className="plain" type="button" onClick={() => void sendTooLate()}>
          Send after a week away
        </button>
      </div>
      <p role="status">{answer}</p>
    </div>
  );
}

export const ExpiredAndSignInInPlace: StoryObj = {
  render: () => (
    <StoryApp
      options={{ onSessionEnd: "hold" }}
      prepare={async (world, auth) => {
        await world.addAccount(ada.username);
        await auth.signIn(ada);
      }}
    >
      {(world) => (
        <RequireAuth
          whenExpired="hide"
          fallback={
            <div className="sheet">
              <p className="notice">Your session has expired. Nothing of what you wrote is lost.</p>
              <SignInForm title="Sign in again" username={ada.username} />
            </div>
          }
        >
          <LetterPage world={world} />
        </RequireAuth>
      )}
    </StoryApp>
  ),
  play: async ({ canvas }) => {
    await userEvent.type(await canvas.findByLabelText("Text"), "Half a sentence");
    await userEvent.click(canvas.getByRole("button", { name: "Send after a week away" }));
    await userEvent.type(await canvas.findByLabelText("Password"), password);
    await userEvent.click(canvas.getByRole("button", { name: "Sign in again" }));
    // The request was held meanwhile, and so was the draft.
    await waitFor(() => expect(canvas.getByText("Your letter was sent.")).toBeVisible(), { timeout: 5_000 });
    await expect(canvas.getByLabelText("Text")).toHaveValue("Half a sentence");
  },
};

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
      <SessionCard title="On a train">
        <dl className="facts">
          <dt>Connection</dt>
          <dd>{isOnline ? "online" : "offline"}</dd>
          <dt>Client</dt>
          <dd data-testid="activity">{activity.kind}</dd>
        </dl>
        <button className="main" type="button" onClick={toggle}>
          {isOnline ? "Into the tunnel" : "Out of the tunnel"}
        </button>
      </SessionCard>
    </>
  );
}

export const OfflineAndBack: StoryObj = {
  render: () => (
    <StoryApp
      prepare={async (world, auth) => {
        await world.addAccount(ada.username);
        await auth.signIn(ada);
      }}
    >
      {(world) => <ConnectionPage world={world} />}
    </StoryApp>
  ),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText("ada@example.org")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Into the tunnel" }));
    await waitFor(() => expect(canvas.getByTestId("activity")).toHaveTextContent("waiting"));
    await expect(canvas.getByText("authenticated")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Out of the tunnel" }));
    await waitFor(() => expect(canvas.getByTestId("activity")).toHaveTextContent("idle"), { timeout: 10_000 });
    await expect(canvas.getByText("authenticated")).toBeVisible();
  },
};

function SwitchPage(): ReactElement {
  const { signIn } = useAuth();
  const become = (username: string) => () => void signIn({ username, password });
  return (
    <>
      <SessionCard title="One computer, two people" />
      <div className="buttons">
        <button className="plain" type="button" onClick={become("ada@example.org")}>
          Ada sits down
        </button>
        <button className="plain" type="button" onClick={become("grace@example.org")}>
          Grace sits down
        </button>
      </div>
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

export const TwoTabs: StoryObj = {
  render: () => (
    <StoryApp prepare={(world) => world.addAccount(ada.username)}>
      {(world, auth) => <Tabs first={auth} world={world} />}
    </StoryApp>
  ),
  play: async ({ canvas }) => {
    const first = within(await canvas.findByRole("group", { name: "First tab" }));
    const second = within(canvas.getByRole("group", { name: "Second tab" }));
    await userEvent.type(await first.findByLabelText("Password"), password);
    await userEvent.click(first.getByRole("button", { name: "Sign in" }));
    await expect(await first.findByText("ada@example.org")).toBeVisible();
    await expect(await second.findByText("ada@example.org")).toBeVisible();
    await userEvent.click(second.getByRole("button", { name: "Sign out" }));
    await expect(await first.findByLabelText("Password")).toBeVisible();
  },
};

function Tabs({ first, world }: { first: ReturnType<StoryWorld["openTab"]>; world: StoryWorld }): ReactElement {
  const [second] = useState(() => world.openTab());
  return (
    <div className="tabs">
      {[first, second].map((auth, index) => {
        const name = index === 0 ? "First tab" : "Second tab";
        return (
          <div key={name} role="group" aria-label={name}>
            <Tab auth={auth}>
              <RequireAuth
                loading={<p role="status">Loading…</p>}
                fallback={
                  <div className="sheet">
                    <p className="quiet">{name}</p>
                    <SignInForm username={ada.username} context={name} />
                  </div>
                }
              >
                <SessionCard title={name} />
              </RequireAuth>
            </Tab>
          </div>
        );
      })}
    </div>
  );
}
