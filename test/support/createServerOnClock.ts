import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";

/** The real server, in memory, by a clock that is moved by hand, with passwords that take no time. */
export function createServerOnClock(options: Partial<AuthServerOptions> = {}) {
  const clock = createSimulatedClock();
  const server = createAuthServer({
    store: memoryStore({ now: () => clock.worldNow() }),
    accessTokenSecret: "a secret for tests only, 32 bytes or more",
    publicUrl: "https://app.example",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    rateLimits: false,
    ...options,
  });
  return { clock, server };
}
