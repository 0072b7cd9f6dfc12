import { describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import type { Backend, TokenAnswer } from "../../src/core/backend.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import { unsigned } from "./scene.ts";

const credentials = { username: "ada", password: "any" };

/**
 * A server that names no session, as most token APIs: one live refresh token in a cookie, and `answer` for each token. `faults`
 * turn a call into an outage while they are set.
 */
function createForeignServer(answer: (count: number) => TokenAnswer, user: () => object = () => ({ id: "ada" })) {
  const faults = new Set<string>();
  const calls: string[] = [];
  let isSignedIn = false;
  let count = 0;
  const act = (name: string): void => {
    calls.push(name);
    if (faults.has(name)) throw new TypeError("fetch failed");
  };
  const backend: Backend = {
    async signIn() {
      act("signIn");
      isSignedIn = true;
      return answer((count += 1));
    },
    async refresh() {
      act("refresh");
      return isSignedIn
        ? { kind: "token", answer: answer((count += 1)) }
        : { kind: "ended", reason: "expired", namesRefreshToken: true };
    },
    async signOut() {
      act("signOut");
      isSignedIn = false;
    },
    async fetchUser() {
      act("fetchUser");
      return user() as never;
    },
  };
  return { backend, faults, calls, countOf: (name: string) => calls.filter((call) => call === name).length };
}

function openForeignTabs(tabCount: number, backend: Backend) {
  const world = createTabs(tabCount, { app: { fetch: () => new Response() }, seed: 1 });
  const clients: AuthClient[] = [];
  const start = (tab: (typeof world.tabs)[number]): AuthClient => {
    const client = createAuthClient({ platform: tab.platform, backend });
    clients.push(client);
    client.start();
    return client;
  };
  for (const tab of world.tabs) start(tab);
  return {
    world,
    clients,
    start,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.dispose();
      await world.settle();
      world.dispose();
    },
  };
}

// B1
describe("a sign-out that the server has not heard of, then a reload", () => {
  it.each(["before it", "never"])("shows nobody, and asks nothing %s is flushed", async (when) => {
    const server = createForeignServer(() => ({ accessToken: "opaque", subject: "ada" }));
    await using opened = openForeignTabs(1, server.backend);
    const { world, clients } = opened;
    await world.settle();
    await world.until((clients[0] as AuthClient).signIn(credentials));
    server.faults.add("signOut");
    await world.until((clients[0] as AuthClient).signOut());
    world.tabs[0]?.close();
    clients[0]?.dispose();
    const refreshes = server.countOf("refresh");
    const reloaded = opened.start(world.open());
    await world.advance(20_000);
    expect(reloaded.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(server.countOf("refresh")).toBe(refreshes);
    if (when === "never") return;
    server.faults.clear();
    await world.advance(120_000);
    expect(reloaded.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(server.calls.at(-1)).not.toBe("refresh");
    await world.until(reloaded.signIn(credentials));
    expect(reloaded.getState().status).toBe("authenticated");
  });
});

it.each([
  ["nothing", undefined, { number: 0, id: "" }],
  ["a body of the API's own", { ok: true, id: "user-5" }, { number: 0, id: "" }],
  ["the session", { number: 7, id: "seventh" }, { number: 7, id: "seventh" }],
])("a sign-out without a name may resolve to %s", async (_name, ended, name) => {
  const { backend } = createForeignServer(() => ({ accessToken: "opaque", subject: "ada" }));
  await using opened = openForeignTabs(1, { ...backend, signOut: async () => ended as never });
  const { world, clients } = opened;
  await world.until((clients[0] as AuthClient).signOut());
  expect(clients[0]?.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  const [written] = Object.values(world.storage.contents());
  expect(JSON.parse(written ?? "{}")).toMatchObject({ ...name, end: "signedOut", pendingSignOut: false });
});

// B2
describe("tabs of a server whose tokens name nobody", () => {
  it.each([
    ["opaque tokens, named by the answer", (count: number) => ({ accessToken: `opaque-${count}`, subject: "ada" })],
    ["opaque tokens, named by the user", (count: number) => ({ accessToken: `opaque-${count}` })],
    [
      "a claim of its own",
      (count: number) => ({ accessToken: unsigned({ user_id: 7, iat: count, n: count }), subject: "7" }),
    ],
  ] as const)("share one refresh: %s", async (_name, answer) => {
    const server = createForeignServer((count) => ({ expiresInSeconds: 60, ...answer(count) }));
    await using opened = openForeignTabs(3, server.backend);
    const { world, clients } = opened;
    await world.advance(1_000);
    await world.until((clients[0] as AuthClient).signIn(credentials));
    await world.advance(1_000);
    const users = server.countOf("fetchUser");
    const before = server.countOf("refresh");
    await world.advance(300_000);
    const refreshes = server.countOf("refresh") - before;
    expect(refreshes).toBeGreaterThan(4);
    expect(refreshes).toBeLessThanOrEqual(9);
    expect(server.countOf("fetchUser") - users).toBeLessThanOrEqual(refreshes);
    const tokens = new Set(clients.map((client) => client.accessToken.getState()));
    expect(tokens.size).toBe(1);
    for (const client of clients) expect(client.getState().status).toBe("authenticated");
  });
});

// B4
it("goes by the token's subject where the user is named otherwise, numbers and texts alike, and says so once", async () => {
  const token = (): TokenAnswer => ({ accessToken: unsigned({ sub: 42 }) });
  for (const [id, isTold] of [
    [42, false],
    ["42", false],
    ["ada@example.org", true],
  ] as const) {
    const server = createForeignServer(token, () => ({ id }));
    await using opened = openForeignTabs(2, server.backend);
    const { world, clients } = opened;
    await world.settle();
    await world.until((clients[0] as AuthClient).signIn(credentials));
    await world.settle();
    for (const client of clients)
      expect(client.getState()).toMatchObject({ status: "authenticated", identity: { subject: "42" } });
    await world.until((clients[0] as AuthClient).fetchUser());
    expect(world.tabs[0]?.warnings.length).toBe(isTold ? 1 : 0);
  }
});

// B5
it.each([
  [{ pk: 7, email: "a" }, "pk, email"],
  [{ _id: 7 }, "_id"],
  [{ id: null }, "id"],
  [{ id: {} }, "id"],
])("refuses a user without an id (%o) by a sentence that names the fields, and is nobody", async (user, fields) => {
  const server = createForeignServer(
    () => ({ accessToken: "opaque" }),
    () => user,
  );
  await using opened = openForeignTabs(1, server.backend);
  const { world, clients } = opened;
  await world.settle();
  const failure = await world.until(
    (clients[0] as AuthClient).signIn(credentials).catch((error: unknown) => error as Error),
  );
  expect(failure).toMatchObject({ code: "badResponse", message: expect.stringContaining(fields) });
  expect(clients[0]?.getState().status).toBe("unauthenticated");
});

// B6
it("keeps the sessions of two backends apart by their addresses", async () => {
  const [shop, admin] = ["/shop", "/admin"].map((address) => {
    const { backend } = createForeignServer(() => ({ accessToken: address, subject: address }));
    return { ...backend, address };
  });
  await using opened = openForeignTabs(0, shop as Backend);
  const { world } = opened;
  const customer = opened.start(world.open());
  const other = world.open();
  const administrator = createAuthClient({ platform: other.platform, backend: admin as Backend });
  opened.clients.push(administrator);
  administrator.start();
  await world.settle();
  await world.until(customer.signIn(credentials));
  await world.until(administrator.signIn(credentials));
  await world.until(administrator.signOut());
  await world.settle();
  expect(customer.getState()).toMatchObject({ status: "authenticated", identity: { subject: "/shop" } });
});
