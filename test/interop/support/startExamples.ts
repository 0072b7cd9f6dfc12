import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { createAuthServer } from "../../../src/server/createAuthServer.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../../src/server/pbkdf2PasswordHasher.ts";
import { findPython } from "./findPython.ts";
import { startPythonServer } from "./startPythonServer.ts";

export interface RunningExamples {
  /** The addresses of the auth endpoints, by what the column is called. */
  readonly baseUrls: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** Starts this package's server, the fastapi-users example and the stock fastapi-users app beside it. */
export async function startExamples(graceSeconds: number): Promise<RunningExamples> {
  const auth = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "the secret of the conformance table",
    refreshGraceSeconds: graceSeconds,
    rateLimits: false,
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1000 }),
  });
  const server = await new Promise<ServerType>((resolve) => {
    const started: ServerType = serve({ fetch: auth.app.fetch, port: 0 }, () => resolve(started));
  });
  const { port } = server.address() as AddressInfo;
  const baseUrls = new Map([["this server", `http://localhost:${port}/v1/auth`]]);
  const stops = [async () => void (await new Promise((resolve) => server.close(resolve))), () => auth.close()];

  const python = await findPython();
  const settings = { REFRESH_GRACE_SECONDS: String(graceSeconds) };
  for (const [name, app] of [
    ["fastapi-users", "app.main:asgi"],
    ["stock", "app.stock:app"],
  ] as const) {
    if (python === null) break;
    const example = await startPythonServer({ python, app, settings });
    baseUrls.set(name, example.baseUrl);
    stops.unshift(() => example.dispose());
  }
  return {
    baseUrls,
    async stop() {
      for (const each of stops) await each();
    },
  };
}
