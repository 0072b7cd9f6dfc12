import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { Hono } from "hono";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTokenBackend } from "../../src/core/createTokenBackend.ts";
import { createMapStore, type TokenStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { createTabs } from "../../src/testing.ts";
import { readCodeBlocks } from "../docs/markdown.ts";
import { createTokenServer } from "./support/tokenServer.ts";

const DOCUMENT = "docs/migrating-from-local-storage-tokens.md";

/** The code that the document shows under this name, as a function of what it takes for granted. */
function blockOf(name: string, ...given: string[]): (...values: unknown[]) => void {
  const block = readCodeBlocks().find(({ document, code }) => document === DOCUMENT && code.startsWith(`// ${name}\n`));
  expect(block, name).toBeDefined();
  const target = ts.ScriptTarget.ES2022;
  const module = ts.ModuleKind.ESNext;
  const { outputText } = ts.transpileModule(block?.code ?? "", { compilerOptions: { target, module } });
  const body = outputText.replaceAll(/^import .*$/gm, "").replaceAll(/^export (const|function)/gm, "$1");
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  return new Function(...given, `${body}; return typeof auth === "undefined" ? undefined : auth;`) as never;
}

/** The API of the document, with rotation. */
function createApi(now: () => number) {
  const server = createTokenServer({ now, lifetimeMs: 900_000 });
  const app = new Hono();
  let refreshes = 0;
  const answer = (session: ReturnType<typeof server.begin>) => ({
    accessToken: server.issue(session, { sub: session.subject }),
    refreshToken: session.refreshToken,
  });
  app.post("/auth/login", async (c) => {
    const { email, password } = await c.req.json();
    const account = server.check(email, password);
    return account === null ? c.json({}, 401) : c.json(answer(server.begin(account.id)));
  });
  app.post("/auth/refresh", async (c) => {
    refreshes += 1;
    const session = server.redeem((await c.req.json()).refreshToken, { rotates: true });
    return session === null ? c.json({ message: "Invalid refresh token" }, 401) : c.json(answer(session));
  });
  app.post("/auth/logout", (c) => c.body(null, 204));
  app.get("/auth/me", (c) => (server.authenticate(c.req.raw) ? c.json({ id: 42 }) : c.json({}, 401)));
  app.get("/notes", (c) => (server.authenticate(c.req.raw) ? c.json([]) : c.json({}, 401)));
  return { server, app, answer, refreshes: () => refreshes };
}

/** Real axios over a tab's simulated network. */
function axiosOver(fetch: typeof globalThis.fetch): AxiosInstance {
  async function adapter(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const response = await fetch(axios.getUri(config), {
      method: config.method?.toUpperCase() ?? "GET",
      headers: Object.fromEntries(
        Object.entries(config.headers.toJSON()).map(([name, value]) => [name, String(value)]),
      ),
      ...(config.data !== undefined && { body: config.data as string }),
    });
    const { status } = response;
    const text = await response.text();
    const answer = { data: JSON.parse(text || "null") as unknown, status, statusText: "", headers: {}, config };
    if (response.ok) return answer;
    throw new AxiosError(`Status ${status}`, "ERR_BAD_REQUEST", config, null, answer);
  }
  return axios.create({ baseURL: "https://api.example", adapter });
}

function openTabs() {
  const world = createTabs(2, { app: { fetch: (request) => api.app.fetch(request) }, origin: "https://api.example" });
  const api = createApi(world.clock.now);
  return { world, api };
}

const storageOf = (items: Map<string, string>) => ({
  getItem: (key: string) => items.get(key) ?? null,
  setItem: (key: string, value: string) => void items.set(key, value),
  removeItem: (key: string) => void items.delete(key),
});

describe("the habits of the migration guide", () => {
  it.each(["flagAndQueue.ts", "retryMark.ts"])("%s, before: two tabs lose the session", async (name) => {
    const { world, api } = openTabs();
    const items = new Map<string, string>();
    const session = api.server.begin(42);
    for (const [key, value] of Object.entries(api.answer(session))) items.set(key, value);
    items.set("accessToken", "one that has expired");
    const instances = world.tabs.map(({ platform }) => {
      const instance = axiosOver(platform.fetch);
      blockOf(name, "api", "axios", "localStorage")(instance, axiosOver(platform.fetch), storageOf(items));
      return instance;
    });
    let succeeded = 0;
    const count = (): unknown => (succeeded += 1);
    for (const instance of instances)
      for (let sent = 0; sent < 5; sent += 1) void instance.get("/notes").then(count, () => {});
    await world.settle();
    // The rest failed, or waits for ever in a queue that nobody empties.
    expect(succeeded).toBeLessThan(10);
    expect(api.refreshes()).toBeGreaterThan(1);
    world.dispose();
  });

  it("after: two tabs refresh once, from the refresh token of the release before, and lose nothing", async () => {
    const { world, api } = openTabs();
    const items = new Map([["refreshToken", api.server.begin(42).refreshToken]]);
    const shared: TokenStore = createMapStore();
    const clients = world.tabs.map(({ platform }) => {
      const make = blockOf("tokenApi.ts", "createAuthClient", "createTokenBackend", "localStorage");
      const { clock, random, openChannel } = platform;
      return make(
        ({ backend }: { backend: never }) => createAuthClient({ backend, platform, namespace: "app" }),
        (options: never) =>
          createTokenBackend({
            ...(options as object),
            platform: { clock, random, openChannel, storages: { localStorage: shared } },
          } as never),
        storageOf(items),
      ) as unknown as ReturnType<typeof createAuthClient>;
    });
    const instances = clients.map((client, index) => {
      const instance = axiosOver(world.tabs[index]!.platform.fetch);
      blockOf("requests.ts", "axios", "authorizeAxios", "auth")({ create: () => instance }, authorizeAxios, client);
      return instance;
    });
    const stops = clients.map((client) => client.start());
    await world.until(Promise.all(clients.map((client) => client.ready())));
    const requests = instances.flatMap((instance) => Array.from({ length: 5 }, () => instance.get("/notes")));
    const outcomes = await world.until(Promise.allSettled(requests));
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    expect([api.refreshes(), [...items.keys()]]).toEqual([1, []]);
    const mirrored = new Map<string, string>();
    blockOf("mirror.ts", "auth", "localStorage")(clients[0], storageOf(mirrored));
    await world.until(clients[0]!.refresh());
    expect(mirrored.get("accessToken")).toBe(clients[0]!.accessToken.getState());
    await world.until(clients[1]!.signOut());
    await world.settle();
    expect([...mirrored.keys()]).toEqual([]);
    for (const stop of stops) stop();
    for (const client of clients) client.dispose();
    await world.settle();
    world.dispose();
  });
});
