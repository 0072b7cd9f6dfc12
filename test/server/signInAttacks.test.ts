import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { argon2PasswordHasher } from "../../src/server/argon2PasswordHasher.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { postgresStore } from "../../src/server/postgresStore.ts";
import { hasPostgres, type Postgres, startPostgres } from "../support/postgres.ts";
import { createTestServer, PASSWORD, type TestServer } from "./support/testServer.ts";

const ATTACKER = "192.0.2.66";
const CONNECTIONS = 60;
/** The real one, but quicker. */
const hasher = argon2PasswordHasher({ memoryKib: 2048 });

/** The real server with its default limits. */
const startServer = (options: Partial<AuthServerOptions> = {}) => createTestServer({ rateLimits: {}, ...options });

interface From {
  readonly address?: string;
  readonly cookie?: string;
}

function send(server: TestServer, path: string, body: BodyInit, { address, cookie }: From) {
  const headers = { origin: "http://localhost", ...(cookie !== undefined && { cookie }) };
  const request = new Request(`http://localhost/v1/auth${path}`, { method: "POST", headers, body });
  const incoming = address === undefined ? undefined : { socket: { remoteAddress: address } };
  return Promise.resolve(server.app.fetch(request, { incoming }));
}

const login = (server: TestServer, username: string, password: string, from: From) =>
  send(server, "/jwt/login", new URLSearchParams({ username, password }), from);

async function register(server: TestServer, email: string, from: From): Promise<void> {
  expect((await send(server, "/register", JSON.stringify({ email, password: PASSWORD }), from)).status).toBe(201);
}

const statusOf = async (answer: Promise<Response>) => (await answer).status;

/** Runs `attempt` on 60 connections, again and again, until the returned function is called. */
function attack(attempt: (connection: number, round: number) => Promise<Response>): () => Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let isOn = true;
  const connections = Array.from({ length: CONNECTIONS }, async (_, connection) => {
    for (let round = 0; isOn; round += 1) {
      const { status } = await attempt(connection, round);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      await new Promise((done) => setImmediate(done));
    }
  });
  return async () => {
    isOn = false;
    await Promise.all(connections);
    return statuses;
  };
}

const others = Array.from({ length: 30 }, (_, index) => ({
  email: `person${index}@example.org`,
  address: `198.51.100.${index}`,
}));

// X03
describe("an attack of 60 connections with invented names", () => {
  async function signInOthers(
    server: TestServer,
    attackers: (connection: number) => From,
    from: (address: string) => From,
  ) {
    for (const { email, address } of others) await register(server, email, { address });
    const stop = attack((connection, round) =>
      login(server, `nobody-${connection}-${round}@example.org`, "a guess", attackers(connection)),
    );
    const statuses: number[] = [];
    for (const { email, address } of others)
      statuses.push(await statusOf(login(server, email, PASSWORD, from(address))));
    const ofAttack = await stop();
    await server.close();
    return { statuses, ofAttack };
  }

  const allRight = Array(others.length).fill(200);

  it("from one address keeps nobody else from signing in, and is soon stopped itself", async () => {
    const server = startServer({ passwordHasher: hasher });
    const { statuses, ofAttack } = await signInOthers(
      server,
      () => ({ address: ATTACKER }),
      (address) => ({ address }),
    );
    expect(statuses).toEqual(allRight);
    expect(ofAttack.get(400)).toBeLessThanOrEqual(50);
    expect(ofAttack.get(429)).toBeGreaterThan(0);
  });

  it("from 60 addresses keeps nobody else from signing in", async () => {
    const server = startServer({ passwordHasher: hasher });
    const attackers = (connection: number) => ({ address: `203.0.113.${connection}` });
    expect((await signInOthers(server, attackers, (address) => ({ address }))).statuses).toEqual(allRight);
  });

  it("keeps nobody from signing in where the runtime tells no addresses", async () => {
    const server = startServer({ passwordHasher: hasher });
    expect(
      (
        await signInOthers(
          server,
          () => ({}),
          () => ({}),
        )
      ).statuses,
    ).toEqual(allRight);
  });

  it("from the address that somebody signs in from keeps them from nothing", async () => {
    const server = startServer();
    await register(server, "ada@example.org", { address: ATTACKER });
    const stop = attack((connection, round) =>
      login(server, `n${connection}-${round}@example.org`, "x", { address: ATTACKER }),
    );
    for (let round = 0; round < 10; round += 1) {
      expect(await statusOf(login(server, "ada@example.org", PASSWORD, { address: ATTACKER }))).toBe(200);
    }
    await stop();
  });
});

// X03
describe("somebody who knocks at one account all the time", () => {
  const HOME = "198.51.100.1";
  const knockFrom = (server: TestServer, addressOf: (connection: number) => string) =>
    attack((connection) => login(server, "ada@example.org", "a guess", { address: addressOf(connection) }));

  async function startKnocked(addressOf: (connection: number) => string) {
    const server = startServer();
    await register(server, "ada@example.org", { address: HOME });
    const first = await login(server, "ada@example.org", PASSWORD, { address: HOME });
    const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const stop = knockFrom(server, addressOf);
    // The attack is at its height.
    while (!server.events.some(({ limit }) => limit === "signInDelay" || limit === "signIn")) {
      await new Promise((done) => setImmediate(done));
    }
    const knock = async (from: From) => {
      const statuses = [];
      for (let round = 0; round < 12; round += 1)
        statuses.push(await statusOf(login(server, "ada@example.org", PASSWORD, from)));
      return new Set(statuses);
    };
    return { server, cookie, stop, knock };
  }

  const fromEverywhere = (connection: number) => `203.0.113.${connection}`;

  it("holds up nobody who signs in from where they did before", async () => {
    const { knock, stop } = await startKnocked(fromEverywhere);
    expect(await knock({ address: HOME })).toEqual(new Set([200]));
    expect((await stop()).get(429)).toBeGreaterThan(0);
  });

  it("holds up nobody who shows the cookie of an earlier session, wherever they are", async () => {
    const { server, knock, stop, cookie } = await startKnocked(fromEverywhere);
    expect(await knock({ address: "100.64.0.9", cookie })).toEqual(new Set([200]));
    // Also once that session is over.
    server.advance(40 * 86_400);
    expect(await knock({ address: "100.64.0.10", cookie })).toEqual(new Set([200]));
    await stop();
  });

  it("from one or two addresses holds up nobody at all, not even an owner who was never seen there", async () => {
    const { knock, stop } = await startKnocked((connection) => `203.0.113.${connection % 2}`);
    expect(await knock({ address: "100.64.0.9" })).toEqual(new Set([200]));
    await stop();
  });

  it("at the address of the owner, too, is told from them by the cookie", async () => {
    const { knock, stop, cookie } = await startKnocked(() => HOME);
    expect(await knock({ address: HOME, cookie })).toEqual(new Set([200]));
    await stop();
  });

  it("is let through from many addresses once a minute at most in the end, and holds a stranger up for no longer", async () => {
    const { server, stop } = await startKnocked(fromEverywhere);
    const refused = await login(server, "ada@example.org", PASSWORD, { address: "100.64.0.11" });
    expect([200, 429]).toContain(refused.status);
    expect(Number(refused.headers.get("retry-after") ?? 0)).toBeLessThanOrEqual(60);
    await stop();
  });

  it("gets no further with a cookie of a session that was taken back, or of somebody else", async () => {
    const server = startServer();
    for (const [email, address] of [
      ["ada@example.org", HOME],
      ["eve@example.org", ATTACKER],
    ] as const) {
      await register(server, email, { address });
    }
    const eves = (await login(server, "eve@example.org", PASSWORD, { address: ATTACKER })).headers.getSetCookie()[0];
    const stolen = await login(server, "ada@example.org", PASSWORD, { address: HOME });
    const { subject } = (await stolen.json()) as { subject: string };
    await server.subjects.endSessions(subject);
    const cookie = [eves, stolen.headers.getSetCookie()[0]].map((header) => header?.split(";")[0]).join("; ");
    const statuses = [];
    for (let guess = 0; guess < 12; guess += 1) {
      statuses.push(await statusOf(login(server, "ada@example.org", "a guess", { address: ATTACKER, cookie })));
    }
    expect(statuses).toEqual([...Array<number>(8).fill(400), ...Array<number>(4).fill(429)]);
  });

  it("cannot guess without end with a cookie either", async () => {
    const server = startServer();
    await register(server, "ada@example.org", { address: HOME });
    const cookie = (await login(server, "ada@example.org", PASSWORD, { address: HOME })).headers
      .getSetCookie()[0]
      ?.split(";")[0];
    const statuses = [];
    for (let guess = 0; guess < 12; guess += 1) {
      const from = { address: `203.0.113.${guess}`, ...(cookie !== undefined && { cookie }) };
      statuses.push(await statusOf(login(server, "ada@example.org", "a guess", from)));
    }
    expect(statuses.slice(8)).toEqual(Array(4).fill(429));
  });
});

// X03
describe("one password tried on 200 accounts from one address", () => {
  const names = Array.from({ length: 200 }, (_, index) => `person${index}@example.org`);

  it("is stopped, one after the other and all at once, before the password is looked at", async () => {
    let hashed = 0;
    const passwordHasher = {
      hash: async () => "",
      verify: async () => ((hashed += 1), false),
      needsRehash: () => false,
    };
    const inTurn = startServer({ passwordHasher });
    const statuses = [];
    for (const name of names) statuses.push(await statusOf(login(inTurn, name, "Winter2026!", { address: ATTACKER })));
    expect(statuses).toEqual([...Array<number>(50).fill(400), ...Array<number>(150).fill(429)]);
    expect(hashed).toBe(50);
    const atOnce = startServer({ passwordHasher });
    const answers = await Promise.all(names.map((name) => statusOf(login(atOnce, name, "x", { address: ATTACKER }))));
    expect(answers.filter((status) => status === 400)).toHaveLength(50);
    expect(hashed).toBe(100);
  });

  it("does not use up what somebody with the right password needs: an office signs in at nine", async () => {
    const server = startServer();
    for (const { email, address } of others) await register(server, email, { address });
    for (let round = 0; round < 3; round += 1) {
      const office = await Promise.all(
        others.map(({ email }) => statusOf(login(server, email, PASSWORD, { address: "100.64.0.1" }))),
      );
      expect(new Set(office)).toEqual(new Set([200]));
    }
  });

  it("is not counted when the server could not look at it", async () => {
    const passwordHasher = {
      hash: async () => "",
      verify: () => Promise.reject(new Error("no")),
      needsRehash: () => false,
    };
    const server = startServer({ passwordHasher });
    const statuses = [];
    for (const name of names.slice(0, 60))
      statuses.push(await statusOf(login(server, name, "x", { address: ATTACKER })));
    expect(new Set(statuses)).toEqual(new Set([500]));
  });
});

describe.skipIf(!hasPostgres)("several servers on one PostgreSQL", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());

  it("count together, hold no address and no name in clear, and go on counting when the sweep came by", async () => {
    const connectionString = await postgres.createDatabase();
    const servers = [1, 2, 3].map(() => startServer({ store: postgresStore({ connectionString }) }));
    await Promise.all(servers.map((server) => server.ready()));
    const statuses = [];
    for (let guess = 0; guess < 60; guess += 1) {
      if (guess === 30) await servers[0]?.sweep();
      const server = servers[guess % 3] as TestServer;
      statuses.push(await statusOf(login(server, `person${guess}@example.org`, "x", { address: ATTACKER })));
    }
    expect(statuses).toEqual([...Array<number>(50).fill(400), ...Array<number>(10).fill(429)]);
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString });
    await client.connect();
    const { rows } = await client.query("select * from auth_rate_limits");
    await client.end();
    expect(rows.length).toBeGreaterThan(50);
    expect(JSON.stringify(rows)).not.toMatch(/person|192\.0\.2/);
    await Promise.all(servers.map((server) => server.close()));
  });
});
