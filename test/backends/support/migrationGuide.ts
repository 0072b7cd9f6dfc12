import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { Hono } from "hono";
import ts from "typescript";
import { expect } from "vitest";
import { authorizeAxios } from "../../../src/adapters/authorizeAxios.ts";
import type { AuthClient } from "../../../src/core/authClient.ts";
import { createAuthClient } from "../../../src/core/createAuthClient.ts";
import { createTokenBackend } from "../../../src/core/createTokenBackend.ts";
import type { Platform } from "../../../src/core/ports.ts";
import type { TokenStore } from "../../../src/core/tokenBackend/tokenStore.ts";
import { createTabs } from "../../../src/testing.ts";
import { readCodeBlocks } from "../../docs/markdown.ts";
import { makeJwt } from "./jwt.ts";
import { createTokenServer } from "./tokenServer.ts";

const DOCUMENT = "docs/migrating-from-local-storage-tokens.md";

/** The code that the document shows under this name, as a function of what it takes for granted; returns what it declares. */
export function blockOf(name: string, ...given: string[]): (...values: unknown[]) => Record<string, never> {
  const block = readCodeBlocks().find(({ document, code }) => document === DOCUMENT && code.startsWith(`// ${name}\n`));
  expect(block, name).toBeDefined();
  const target = ts.ScriptTarget.ES2022;
  const module = ts.ModuleKind.ESNext;
  const compilerOptions = { target, module, jsx: ts.JsxEmit.React };
  const { outputText } = ts.transpileModule(block?.code ?? "", { compilerOptions, fileName: "block.tsx" });
  const body = outputText.replaceAll(/^import .*$/gm, "").replaceAll(/^export (const|function)/gm, "$1");
  const declared = [...body.matchAll(/^(?:const|let|function) (\w+)/gm)].map(([, declaredName]) => declaredName);
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  return new Function(...given, `${body}; return { ${declared.join(", ")} };`) as never;
}

/** The API of the document, with rotation. */
export function createApi(now: () => number) {
  const server = createTokenServer({ now, lifetimeMs: 900_000 });
  const app = new Hono();
  let refreshes = 0;
  let refusals = 0;
  function answer(session: ReturnType<typeof server.begin>) {
    // react-auth-kit keeps no refresh token but one that says when it ends.
    session.refreshToken = makeJwt({ jti: session.refreshToken, exp: Math.floor(now() / 1_000) + 86_400 });
    const accessToken = server.issue(session, { sub: session.subject });
    return { accessToken, refreshToken: session.refreshToken };
  }
  app.post("/auth/login", async (c) => {
    const { email, password } = await c.req.json();
    const account = server.check(email, password);
    return account === null ? c.json({}, 401) : c.json(answer(server.begin(account.id)));
  });
  app.post("/auth/refresh", async (c) => {
    refreshes += 1;
    const session = server.redeem((await c.req.json()).refreshToken, { rotates: true });
    if (session === null) refusals += 1;
    return session === null ? c.json({ message: "Invalid refresh token" }, 401) : c.json(answer(session));
  });
  app.post("/auth/logout", (c) => c.body(null, 204));
  app.get("/auth/me", (c) => (server.authenticate(c.req.raw) ? c.json({ id: 42 }) : c.json({}, 401)));
  app.get("/notes", (c) => (server.authenticate(c.req.raw) ? c.json([]) : c.json({}, 401)));
  return { server, app, answer, refreshes: () => refreshes, refusals: () => refusals };
}

/** Real axios over a tab's simulated network. */
export function axiosOver(fetch: typeof globalThis.fetch): AxiosInstance {
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

export function openTabs() {
  const world = createTabs(2, { app: { fetch: (request) => api.app.fetch(request) }, origin: "https://api.example" });
  const api = createApi(world.clock.now);
  return { world, api };
}

export const storageOf = (items: Map<string, string>) => ({
  getItem: (key: string) => items.get(key) ?? null,
  setItem: (key: string, value: string) => void items.set(key, value),
  removeItem: (key: string) => void items.delete(key),
  clear: () => items.clear(),
});

/** The client of the document's `tokenApi.ts`, in a tab. */
export function clientOf(
  { platform }: { readonly platform: Platform },
  { shared, items }: { readonly shared: TokenStore; readonly items: Map<string, string> },
): AuthClient {
  const { clock, random, openChannel } = platform;
  const storages = { localStorage: shared };
  const { auth } = blockOf(
    "tokenApi.ts",
    "createAuthClient",
    "createTokenBackend",
    "localStorage",
  )(
    ({ backend }: { backend: never }) => createAuthClient({ backend, platform, namespace: "app" }),
    (options: object) =>
      createTokenBackend({ ...options, platform: { clock, random, openChannel, storages } } as never),
    storageOf(items),
  );
  return auth as unknown as AuthClient;
}

/** The requests of the document's `requests.ts`, in a tab. */
export function requestsOf({ platform }: { readonly platform: Platform }, client: AuthClient): AxiosInstance {
  const instance = axiosOver(platform.fetch);
  blockOf("requests.ts", "axios", "authorizeAxios", "auth")({ create: () => instance }, authorizeAxios, client);
  return instance;
}
