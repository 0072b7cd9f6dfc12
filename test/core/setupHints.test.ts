import { describe, expect, it } from "vitest";
import { createAuthClient, type AuthClientOptions } from "../../src/core/createAuthClient.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import { recordEvents } from "../support/recordEvents.ts";
import { openClosed, openSignedIn } from "./scene.ts";
import { ADA } from "./support.ts";

const REFRESH = "/jwt/refresh";
const ALWAYS = Number.POSITIVE_INFINITY;

// S05, N05
describe("a refresh that never works", () => {
  it.each([
    ["a 401 without JSON", { answer: { status: 401, body: "Unauthorized" } }, "401"],
    ["a 403 of the app's own", { answer: { status: 403, body: '{"detail":"Not authenticated"}' } }, "403"],
    ["a 400", { answer: { status: 400, body: "{}" } }, "400"],
    ["an empty 200", { answer: { status: 200, body: "" } }, "no access token"],
    ["a page of HTML", { answer: { status: 200, body: "<html>" } }, "no access token"],
    ["a server that is down", { cut: "before" as const }, "could not be reached"],
  ])("(%s) is told once, with what it was, where, and the remedy", async (_name, fault, what) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: REFRESH, times: ALWAYS, ...fault });
    const tab = scene.world.open();
    scene.open(tab);
    await scene.world.advance(300_000);
    expect(tab.warnings).toHaveLength(1);
    expect(tab.warnings[0]).toContain(what);
    expect(tab.warnings[0]).toContain("/v1/auth");
    expect(tab.warnings[0]).toContain("`baseUrl`");
  });

  it("is told of even where nobody was signed in before, and keeps no visitor of a public page waiting", async () => {
    await using scene = await openClosed();
    scene.world.jar.clear();
    scene.world.storage.wipe();
    scene.world.network.addFault({ match: REFRESH, times: ALWAYS, answer: { status: 503, body: "" } });
    const tab = scene.world.open();
    const client = scene.open(tab);
    await scene.world.advance(20_000);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "none" });
    expect(tab.warnings).toHaveLength(1);
    scene.world.network.clearFaults();
    const identity = await scene.world.until(client.signIn(ADA));
    expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  // S6: a wiped storage is no proof that nobody is signed in
  it("goes on being asked for a visitor who may be signed in after all", async () => {
    await using scene = await openClosed();
    scene.world.storage.wipe();
    scene.world.network.addFault({ match: REFRESH, times: 2, answer: { status: 503, body: "" } });
    const client = scene.open(scene.world.open());
    await scene.world.advance(100);
    expect(client.getState().status).toBe("unauthenticated");
    await scene.world.advance(20_000);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  it.each([404, 405, 501])("because there is none (%s) is told, with the address", async (status) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: REFRESH, times: ALWAYS, answer: { status, body: "" } });
    const tab = scene.world.open();
    scene.open(tab);
    await scene.world.advance(10_000);
    expect(tab.warnings).toHaveLength(1);
    expect(tab.warnings[0]).toContain("no refresh endpoint at https://app.example/v1/auth");
  });
});

// C04 https://github.com/oauth2-proxy/oauth2-proxy/pull/3531 https://github.com/keycloak/keycloak/issues/33926
// B231 https://github.com/auth0/auth0-vue/issues/233
it("a cookie that the browser never kept is told at the first renewal, ends the session once and is not asked for again", async () => {
  await using scene = await openSignedIn();
  const told = recordEvents(scene.client);
  scene.world.jar.clear();
  await scene.world.advance(900_000);
  expect(scene.client.getState()).toMatchObject({ reason: "expired" });
  const refreshes = scene.world.refreshes().length;
  await scene.world.advance(900_000);
  expect(scene.world.refreshes()).toHaveLength(refreshes);
  expect(told.filter((event) => event === "sessionEnded")).toHaveLength(1);
  expect(scene.tab.warnings).toHaveLength(1);
  expect(scene.tab.warnings[0]).toContain("the browser never kept it");
});

it("a session that is over after a while is no fault of the set-up", async () => {
  await using scene = await openSignedIn();
  await scene.world.until(scene.client.refresh());
  scene.world.jar.clear();
  await scene.world.advance(900_000);
  expect(scene.client.getState()).toMatchObject({ reason: "expired" });
  expect(scene.tab.warnings).toEqual([]);
});

// N04
describe("what is being done", () => {
  it("is told by a sibling's success, too", async () => {
    await using scene = await openSignedIn(2);
    const [other] = scene.others;
    const outage = scene.world.network.addFault({ match: REFRESH, times: ALWAYS, cut: "before" });
    await scene.world.advance(900_000);
    expect(other?.activity.getState().kind).toBe("waiting");
    outage.remove();
    await scene.world.until(scene.client.refresh());
    await scene.world.settle();
    expect(other?.activity.getState().kind).toBe("idle");
  });

  it("is waiting for the network as soon as the browser says that there is none, and idle when it is back", async () => {
    await using scene = await openSignedIn();
    scene.tab.goOffline();
    expect(scene.client.activity.getState()).toMatchObject({ kind: "waiting", until: null });
    scene.tab.goOnline();
    await scene.world.settle();
    expect(scene.client.activity.getState().kind).toBe("idle");
  });

  it("is waiting from the start on a page that is opened without a network", async () => {
    await using scene = await openClosed();
    const tab = scene.world.open();
    tab.goOffline();
    const client = scene.open(tab);
    await scene.world.advance(1_000);
    expect(client.activity.getState().kind).toBe("waiting");
    tab.goOnline();
    await scene.world.advance(5_000);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });
});

// N06, B7
describe("options that make no sense", () => {
  const { tabs } = createTabs(1, { app: { fetch: () => new Response() } });
  const make = (options: object) =>
    createAuthClient({ platform: (tabs[0] as (typeof tabs)[number]).platform, ...(options as AuthClientOptions) });

  it.each<[object, string]>([
    [{ baseURL: "/api" }, "`baseUrl`"],
    [{ guest: "never" }, "`guests`"],
    [{ refreshAhead: 5 }, "`refreshAheadMs`"],
    [{ onSessionEnded: "hold" }, "`onSessionEnd`"],
    [{ guests: "sometimes" }, '"never", "onRequest", "automatic"'],
    [{ onSessionEnd: "wait" }, '"reject", "hold"'],
    [{ shareTokens: "no" }, "true or false"],
    [{ requestTimeoutMs: 0 }, "`requestTimeoutMs`"],
    [{ refreshAheadMs: Number.NaN }, "`refreshAheadMs`"],
    [{ baseUrl: "localhost:3000/v1/auth" }, "http://"],
    [{ baseUrl: "api/v1/auth" }, '"/api/v1/auth"'],
    [{ baseUrl: "" }, "`baseUrl`"],
    [{ paths: { login: "x" } }, "`signIn`"],
    [{ backend: {} }, "`signIn` and `refresh`"],
    [{ backend: { signIn() {}, refresh() {} }, paths: { signIn: "x" } }, "`paths`"],
  ])("%o are refused, with the remedy", (options, remedy) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: "invalidOptions" }));
    expect(() => make(options)).toThrow(remedy);
  });

  it("leave nothing unsaid about a sign-in without its fields", async () => {
    const client = make({});
    await expect(client.signIn({ email: "a@b.c" } as never)).rejects.toMatchObject({
      code: "invalidInput",
      message: expect.stringContaining("`username`"),
    });
  });
});

// S10
it("says its own name nowhere: whoever prints a warning does that once", async () => {
  await using scene = await openSignedIn(1, { world: { storage: "throws" } });
  expect(scene.tab.warnings.length).toBeGreaterThan(0);
  for (const warning of scene.tab.warnings) expect(warning).not.toContain("stay-signed-in:");
});

// S11 https://github.com/gilbarbara/react-inlinesvg/issues/253
it("making a client draws no number and looks at no clock", () => {
  const { tabs } = createTabs(1, { app: { fetch: () => new Response() } });
  const { platform } = tabs[0] as (typeof tabs)[number];
  const refuse = (): never => {
    throw new Error("not while making a client");
  };
  const frozen = {
    ...platform,
    random: refuse,
    clock: { now: refuse, monotonicNow: refuse, setTimer: refuse },
  };
  expect(() => createAuthClient({ platform: frozen })).not.toThrow();
});
