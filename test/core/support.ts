import { createAuthClient, type AuthClientOptions } from "../../src/core/createAuthClient.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import { createServerOnClock } from "../support/createServerOnClock.ts";
import { withProofs } from "../support/withProofs.ts";

export const ADA = { username: "ada@example.org", password: "correct horse" };
export const BOB = { username: "bob@example.org", password: "battery staple" };

/** A simulated browser over the real server, with one client a tab. */
export async function openWorld(
  tabCount: number,
  options: {
    client?: AuthClientOptions;
    server?: Partial<AuthServerOptions>;
    /** Puts something between the client and the server. */
    wrap?: (app: App) => App;
    /** Takes the session's number out of every token answer, as a server that draws none would. */
    isNumberless?: boolean;
    /** Binds each session to a key of the browser. */
    isBound?: boolean;
    world?: Omit<Parameters<typeof createTabs>[1], "app" | "clock">;
  } = {},
) {
  const audit: { type: string }[] = [];
  const { clock, server } = createServerOnClock({
    refuseCommonPasswords: false,
    onAuditEvent: (event) => void audit.push(event as never),
    ...options.server,
  });
  const numbered = options.isNumberless === true ? withoutNumbers(server.app) : server.app;
  const wrapped = options.wrap?.(numbered) ?? numbered;
  const app = options.isBound === true ? await withProofs(wrapped) : wrapped;
  const world = createTabs(tabCount, { app, clock, seed: 1, ...options.world });
  const clients: AuthClient[] = [];
  const open = (tab: (typeof world.tabs)[number]): AuthClient => {
    const client = createAuthClient({ platform: tab.platform, ...options.client });
    clients.push(client);
    client.start();
    return client;
  };
  for (const { username: email, password } of [ADA, BOB]) await server.subjects.add({ email, password });
  for (const tab of world.tabs) open(tab);
  return {
    clock,
    server,
    world,
    clients,
    audit,
    open,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.dispose();
      world.network.clearFaults();
      await world.settle();
      world.dispose();
      await server.close();
    },
  };
}

type App = Parameters<typeof createTabs>[1]["app"];

function withoutNumbers(app: App): App {
  return {
    async fetch(...given: Parameters<App["fetch"]>) {
      const response = await app.fetch(...given);
      response.headers.delete("Session-Ended");
      if (!/json/.test(response.headers.get("Content-Type") ?? "")) return response;
      const body = (await response.clone().json()) as { session?: unknown };
      if (body?.session === undefined) return response;
      const { session: _session, ...rest } = body;
      const { status, headers } = response;
      return new Response(JSON.stringify(rest), { status, headers });
    },
  };
}
