import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { NotOffered } from "../../src/node/conformance/conformanceCheck.ts";
import { conformanceChecks } from "../../src/node/conformance/conformanceChecks.ts";
import { type ConformanceContext, createConformanceContext } from "../../src/node/conformance/conformanceContext.ts";

describe("the TypeScript server keeps PROTOCOL.md", { timeout: 30_000 }, () => {
  let auth: AuthServer;
  let server: ServerType;
  let context: ConformanceContext;

  beforeAll(async () => {
    auth = createAuthServer({
      store: memoryStore(),
      accessTokenSecret: "the secret of the conformance tests",
      refreshGraceSeconds: 3,
      rateLimits: false,
      passwordHasher: pbkdf2PasswordHasher({ iterations: 1000 }),
      device: { verificationUri: "http://localhost/device" },
    });
    server = await new Promise((resolve) => {
      const started: ServerType = serve({ fetch: auth.app.fetch, port: 0 }, () => resolve(started));
    });
    const { port } = server.address() as AddressInfo;
    context = createConformanceContext({ baseUrl: `http://localhost:${port}/v1/auth`, graceSeconds: 3 });
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await auth.close();
  });

  // Side by side: some wait for the grace time to pass.
  const titled = conformanceChecks.map((check) => [`${check.id} ${check.sentence}`, check] as const);
  it.concurrent.for(titled)("%s", async ([, check], { skip }) => {
    try {
      await check.run(context);
    } catch (error) {
      if (error instanceof NotOffered) skip(`${check.id} ${error.message}`);
      throw error;
    }
  });
});
