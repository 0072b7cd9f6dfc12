import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useEffect, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { authorizeSocket } from "../src/adapters/authorizeSocket.ts";
import { useAccessToken } from "../src/react/useAccessToken.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { useAuthClient } from "../src/react/useAuthClient.ts";
import { createPageSockets } from "./pageSockets.ts";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Sockets" };
export default meta;

const ada = { username: "ada@example.org", password };
const grace = { username: "grace@example.org", password };

interface Line {
  isConnected: boolean;
  connections: number;
  renewals: number;
  ticks: number;
  /** Whom the server sees at the other end. */
  subject: string | null;
}

/** The state of one socket that is the page's for as long as the page lives, whoever is signed in. */
function useLine(world: StoryWorld): Line {
  const auth = useAuthClient();
  const [line, setLine] = useState<Line>({ isConnected: false, connections: 0, renewals: 0, ticks: 0, subject: null });
  useEffect(() => {
    const change = (next: (former: Line) => Partial<Line>): void =>
      setLine((former) => ({ ...former, ...next(former) }));
    const server = createPageSockets(world);
    server.onConnection((socket) => {
      change(({ connections }) => ({ connections: connections + 1 }));
      socket.on("auth:renew", () => change(({ renewals }) => ({ renewals: renewals + 1 })));
      const tell = (): void => socket.emit("tick", (socket.data["user"] as { subject: string }).subject);
      const timer = setInterval(tell, 500);
      socket.once("disconnect", () => clearInterval(timer));
      tell();
    });
    const socket = server.createSocket();
    socket.on("connect", () => change(() => ({ isConnected: true })));
    socket.on("disconnect", () => change(() => ({ isConnected: false, subject: null })));
    socket.on("tick", (subject: string) => change(({ ticks }) => ({ ticks: ticks + 1, subject })));
    const detach = authorizeSocket(socket, auth, { allowedOrigins: ["https://app.example"] });
    socket.connect();
    return () => {
      detach();
      socket.disconnect();
      server.dispose();
    };
  }, [auth, world]);
  return line;
}

function SocketPage({ world }: { world: StoryWorld }): ReactElement {
  const auth = useAuth();
  const token = useAccessToken();
  const line = useLine(world);
  const [names, setNames] = useState<Record<string, string>>({});
  const enter = (who: { username: string; password: string }) => async () => {
    const entered = await auth.signIn(who);
    if ("challenge" in entered) return;
    setNames((former) => ({ ...former, [entered.subject]: who.username }));
  };
  return (
    <>
      <section className="sheet" aria-label="A live connection">
        <h1>A live connection</h1>
        <dl className="facts">
          <dt>Socket</dt>
          <dd>
            <span className="badge" data-kind={line.isConnected ? "good" : "quiet"}>
              {line.isConnected ? "connected" : "closed"}
            </span>
          </dd>
          <dt>As</dt>
          <dd>{line.subject === null ? "nobody" : (names[line.subject] ?? line.subject)}</dd>
          <dt>Messages</dt>
          <dd>{line.ticks}</dd>
          <dt>Connections</dt>
          <dd data-testid="connections">{line.connections}</dd>
          <dt>Renewals</dt>
          <dd data-testid="renewals">{line.renewals}</dd>
          <dt>Token</dt>
          <dd>{token === null ? "none" : <code>…{token.slice(-6)}</code>}</dd>
        </dl>
        <div className="buttons">
          <button className="plain" type="button" onClick={() => void enter(ada)()}>
            Sign in as Ada
          </button>
          <button className="plain" type="button" onClick={() => void enter(grace)()}>
            Sign in as Grace
          </button>
          <button
            className="plain"
            type="button"
            disabled={auth.status !== "authenticated"}
            onClick={() => void auth.signOut()}
          >
            Sign out
          </button>
        </div>
      </section>
      <p className="quiet aside">
        Real here: socket.io-client and what it says, <code>authorizeSocket</code>, and the server’s{" "}
        <code>authorizeSocketServer</code>. Made up: the WebSocket and the bare Socket.IO server, since the latter does
        not run in a page.
      </p>
    </>
  );
}

const render = (): ReactElement => (
  <StoryApp
    options={{ accessTokenLifetimeSeconds: 6 }}
    prepare={async (world) => {
      await world.addAccount(ada.username);
      await world.addAccount(grace.username);
    }}
  >
    {(world) => <SocketPage world={world} />}
  </StoryApp>
);

type Canvas = Parameters<NonNullable<StoryObj["play"]>>[0]["canvas"];

const press = async (canvas: Canvas, name: string) => userEvent.click(await canvas.findByRole("button", { name }));
const shows = (canvas: Canvas, text: string) =>
  waitFor(() => expect(canvas.getByText(text)).toBeVisible(), { timeout: 5_000 });

export const RenewedInPlace: StoryObj = {
  parameters: {
    watch: "One connection, several tokens: each renewal goes over the open socket, and the messages go on.",
  },
  render,
  play: async ({ canvas, step }) => {
    await step("nobody is signed in: the socket waits", async () => {
      await shows(canvas, "closed");
      await expect(canvas.getByTestId("connections")).toHaveTextContent("0");
    });
    await step("it opens as whoever signs in", async () => {
      await press(canvas, "Sign in as Ada");
      await shows(canvas, "connected");
      await shows(canvas, ada.username);
    });
    await step("a renewed token goes over the open connection", async () => {
      await waitFor(() => expect(canvas.getByTestId("renewals")).not.toHaveTextContent("0"), { timeout: 10_000 });
      await expect(canvas.getByTestId("connections")).toHaveTextContent("1");
    });
  },
};

export const FollowsWhoIsSignedIn: StoryObj = {
  parameters: { watch: "Another person got another connection, and after the sign-out there is none." },
  render,
  play: async ({ canvas, step }) => {
    await press(canvas, "Sign in as Ada");
    await shows(canvas, ada.username);
    await step("another person gets another connection", async () => {
      await press(canvas, "Sign in as Grace");
      await shows(canvas, grace.username);
      await expect(canvas.getByTestId("connections")).toHaveTextContent("2");
    });
    await step("a sign-out closes it", async () => {
      await press(canvas, "Sign out");
      await shows(canvas, "closed");
      await expect(canvas.getByText("nobody")).toBeVisible();
    });
  },
};
