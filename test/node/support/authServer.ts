import { serve } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { AuditEvent } from "../../../src/server/auditEvent.ts";
import type { AuthServerOptions } from "../../../src/server/authServerOptions.ts";
import { type AuthServer, createAuthServer } from "../../../src/server/createAuthServer.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";

export interface RunningAuthServer {
  address: string;
  /** For Socket.IO beside it. */
  listening: Server;
  server: AuthServer;
  events: AuditEvent[];
  countOf(type: AuditEvent["type"]): number;
}

export const account = { email: "ada@example.org", password: "correct horse battery" };

/** The reference server on a free port, with one account. */
export async function startAuthServer(options: Partial<AuthServerOptions> = {}): Promise<RunningAuthServer> {
  const events: AuditEvent[] = [];
  const server = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a-secret-of-at-least-thirty-two-bytes",
    rateLimits: false,
    onAuditEvent: (event) => void events.push(event),
    ...options,
  });
  const listening = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: server.app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve(started as Server),
    );
  });
  onTestFinished(async () => {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
    await server.close();
  });
  const address = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/auth`;
  const registered = await fetch(`${address}/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(account),
  });
  if (registered.status !== 201)
    throw new Error(`The account was not made: ${registered.status} ${await registered.text()}`);
  return {
    address,
    listening,
    server,
    events,
    countOf: (type) => events.filter((event) => event.type === type).length,
  };
}
