import type { AuditEvent } from "../../../src/server/auditEvent.ts";
import type { AuthServerOptions } from "../../../src/server/authServerOptions.ts";
import { type AuthServer, createAuthServer } from "../../../src/server/createAuthServer.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../../src/server/pbkdf2PasswordHasher.ts";
import { openPage, type Sender, type TokenFields, tokenOf } from "./page.ts";

export const PASSWORD = "correct horse";

export interface TestServer extends AuthServer {
  readonly events: AuditEvent[];
  readonly errors: unknown[];
  /** Moves the store's clock. */
  advance(seconds: number): void;
  /** The store's clock in milliseconds since 1970. */
  now(): number;
}

/** The real server on a store whose time stands until a test moves it. */
export function createTestServer(options: Partial<AuthServerOptions> = {}): TestServer {
  let now = Date.parse("2026-11-25T12:00:00Z");
  const events: AuditEvent[] = [];
  const errors: unknown[] = [];
  const server = createAuthServer({
    store: memoryStore({ now: () => now }),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    rateLimits: false,
    onAuditEvent: (event) => void events.push(event),
    onError: (error) => void errors.push(error),
    ...options,
  });
  return {
    ...server,
    events,
    errors,
    now: () => now,
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

export async function register(sender: Sender, email = "ada@example.org", password = PASSWORD): Promise<void> {
  const { status } = await sender.send("POST", "/register", { json: { email, password } });
  if (status !== 201) throw new Error(`The registration was answered ${status}.`);
}

export async function signIn(sender: Sender, email = "ada@example.org", password = PASSWORD): Promise<TokenFields> {
  return tokenOf(await sender.send("POST", "/jwt/login", { form: { username: email, password } }));
}

/** A page whose user has just registered and signed in. */
export async function openSignedInPage(server: AuthServer, email = "ada@example.org") {
  const page = openPage(server);
  await register(page, email);
  return { page, token: await signIn(page, email) };
}

export const refresh = (sender: Sender) => sender.send("POST", "/jwt/refresh");
