import type { AuthClient } from "../../../src/core/authClient.ts";
import { createAuthClient } from "../../../src/core/createAuthClient.ts";
import { type AuthServer, createAuthServer } from "../../../src/server/createAuthServer.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../../src/server/pbkdf2PasswordHasher.ts";
import { createTabs } from "../../../src/testing/createTabs.ts";
import { createSimulatedClock } from "../../../src/testing/simulatedClock.ts";
import { countRejections } from "./countRejections.ts";

const origin = "https://app.example";
const password = "correct horse";
const emailOf = (name: string) => `${name}@example.org`;

export interface SessionOptions {
  /** Who is signed in. Default: ada; null: nobody ever was. */
  as?: string | null;
  onSessionEnd?: "reject" | "hold";
  /** Somebody was signed in, the page was loaded anew, and the server does not answer yet. Default: false. */
  isLoading?: boolean;
}

/** The real client in a simulated page, with the real server in this process. Their time stands; all other requests are real. */
export interface Session {
  readonly auth: AuthClient;
  readonly server: AuthServer;
  /** How many refreshes have reached the server since all was set up. */
  refreshCount(): number;
  /** Resolves once this many requests have asked for another token than a refused one. */
  rejections(count: number): Promise<void>;
  /** Refreshes wait on their way until the returned function is called. */
  holdRefresh(): () => void;
  /** Refreshes get no answer that counts; or the session ends; null: all is well again. */
  failRefresh(kind: "outage" | "ended" | null): void;
  signInAs(name: string): Promise<void>;
  /** Lets so much time pass that a token that replaced a refused one may be refused in its turn. */
  passCooldown(): Promise<void>;
  /** The machine sleeps, and the page's timers with it. */
  sleep(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startSession(options: SessionOptions = {}): Promise<Session> {
  const clock = createSimulatedClock({ startAt: Date.now() });
  const server = createAuthServer({
    store: memoryStore({ now: () => clock.worldNow() }),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    rateLimits: false,
    publicUrl: origin,
  });
  for (const name of ["ada", "bob"]) {
    const headers = { "content-type": "application/json", origin };
    const body = JSON.stringify({ email: emailOf(name), password });
    await server.app.request(`${origin}/v1/auth/register`, { method: "POST", headers, body });
  }
  const world = createTabs(1, { app: server.app, origin, clock });
  const [tab] = world.tabs;
  if (!tab) throw new Error("A browser without a tab");
  const auth = createAuthClient({ platform: tab.platform, onSessionEnd: options.onSessionEnd ?? "reject" });
  const hold = () => {
    const fault = world.network.addFault({ match: "/jwt/refresh", hold: "before", times: Number.POSITIVE_INFINITY });
    return () => {
      fault.remove();
      fault.release();
    };
  };
  if (options.isLoading) hold();
  const stop = auth.start();
  const signInAs = async (name: string) => void (await auth.signIn({ username: emailOf(name), password }));
  if (!options.isLoading) {
    await auth.ready();
    if (options.as !== null) await signInAs(options.as ?? "ada");
  }
  const before = world.refreshes().length;
  return {
    ...countRejections(auth),
    server,
    refreshCount: () => world.refreshes().length - before,
    holdRefresh: hold,
    failRefresh(kind) {
      world.network.clearFaults();
      const answer =
        kind === "outage"
          ? { status: 503, body: "" }
          : {
              status: 401,
              body: '{"detail":"REFRESH_TOKEN_EXPIRED"}',
              headers: { "content-type": "application/json" },
            };
      if (kind !== null) world.network.addFault({ match: "/jwt/refresh", times: Number.POSITIVE_INFINITY, answer });
    },
    signInAs,
    passCooldown: () => clock.advance(31_000),
    sleep: (ms) => clock.sleep(ms),
    async stop() {
      stop();
      auth.dispose();
      world.network.clearFaults();
      await world.settle();
      world.dispose();
      await server.close();
    },
  };
}
