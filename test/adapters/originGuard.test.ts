import axios from "axios";
import { afterEach, describe, expect, it, vi } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createOriginGuard } from "../../src/adapters/originGuard.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createHttpBackend } from "../../src/core/createHttpBackend.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { startSession } from "./support/startSession.ts";

const authAt = (baseUrl: string) => createAuthClient({ platform: createTestAuthClient().internals.platform, baseUrl });

afterEach(() => vi.unstubAllGlobals());

// B087 https://github.com/HoffmanEngineering/3d-print-log-ui/pull/69 · B088 https://github.com/Jellify-Music/App/pull/1140
const leaks: readonly [url: string, mayCarry: boolean][] = [
  ["/a", true],
  ["https://api.x/b", true],
  ["https://api.x.evil.io/b", false],
  ["https://api.x@evil.io/", false],
  ["//evil.io/a", false],
  ["HTTPS://API.X/c", true],
  ["http://api.x/d", false],
  ["https://api.x:8443/d", false],
  ["https://someone:else@api.x/d", false],
  ["https://evil.io/https://api.x/", false],
  ["https://evil.io?https://api.x/", false],
  ["https://evil.io#https://api.x/", false],
  ["https://api.x\\@evil.io/", true],
  ["https://evil.io\\@api.x/", false],
  ["\thttps://evil.io/", false],
  ["blob:https://evil.io/0b1e", false],
  ["data:text/plain,https://api.x/", false],
  ["ftp://api.x/", false],
  ["https://", false],
  ["https://api.x:notaport/", false],
];

describe("the token goes to allowed origins only", () => {
  it.each(leaks)("through axios: %j: %j", async (url, mayCarry) => {
    const session = await startSession();
    const sent: { url: string; authorization: unknown }[] = [];
    const api = axios.create({
      baseURL: "https://api.x/v1",
      adapter: async (config) => {
        sent.push({ url: axios.getUri(config), authorization: config.headers.get("Authorization") });
        const response = { data: "", status: 401, statusText: "", headers: {}, config };
        throw new axios.AxiosError("refused", "ERR_BAD_REQUEST", config, {}, response);
      },
    });
    authorizeAxios(api, session.auth);
    await api.get(url).catch(() => {});
    if (mayCarry)
      expect(sent.map(({ authorization }) => authorization)).toEqual([expect.any(String), expect.any(String)]);
    else
      expect(sent.filter(({ url, authorization }) => authorization && !url.startsWith("https://api.x/v1/"))).toEqual(
        [],
      );
    expect(session.refreshCount()).toBe(sent[0]?.authorization ? 1 : 0);
    expect(session.auth.getState().status).toBe("authenticated");
    await session.stop();
  });

  it.each(leaks.filter(([url]) => url !== "/a"))("through fetch: %j: %j", async (url, mayCarry) => {
    const session = await startSession();
    const sent: (string | null)[] = [];
    const api = authorizeFetch(session.auth, {
      allowedOrigins: ["https://api.x"],
      fetch: async (_, init) => {
        sent.push(new Headers(init?.headers).get("authorization"));
        return new Response(null, { status: 401 });
      },
    });
    await api(url);
    expect(sent).toEqual(mayCarry ? [expect.any(String), expect.any(String)] : [null]);
    expect(session.refreshCount()).toBe(mayCarry ? 1 : 0);
    await session.stop();
  });
});

describe("without allowedOrigins", () => {
  it("the page's own origin is allowed, whatever its <base> says", () => {
    vi.stubGlobal("location", { href: "https://app.x/here/page" });
    vi.stubGlobal("document", { baseURI: "https://cdn.x/assets/" });
    const guard = createOriginGuard(authAt("https://auth.x/v1/auth"));
    expect(guard("https://app.x/api")).toBe(true);
    expect(guard("https://auth.x/anything")).toBe(true);
    expect(guard("https://cdn.x/picture")).toBe(false);
    expect(guard("picture")).toBe(false);
  });

  it("an address relative to the page is the page's", () => {
    vi.stubGlobal("location", { href: "https://app.x/here/page" });
    const guard = createOriginGuard(authAt("/v1/auth"));
    expect(guard("/api")).toBe(true);
    expect(guard("")).toBe(true);
    expect(guard("//evil.io/api")).toBe(false);
    expect(guard("/v1/auth/jwt/refresh")).toBe(false);
    expect(guard("/v1/auth/jwt/refresh/")).toBe(false);
    expect(guard("/v1/auth/users/me")).toBe(true);
    expect(guard("/v1/auth/guests")).toBe(true);
    expect(guard("/v1/authors/register")).toBe(true);
  });

  it("a relative address without a page is nobody's", () => {
    const guard = createOriginGuard(authAt("https://auth.x/v1/auth"));
    expect(guard("/v1/auth/users/me")).toBe(false);
    expect(guard("/api", "https://api.x")).toBe(false);
    expect(guard("https://api.x/api", "https://api.x")).toBe(true);
    expect(guard("https://api.x/api", "not a url")).toBe(false);
    expect(guard("https://api.x/api", undefined)).toBe(false);
  });

  it("what is no address is nobody's, whatever fetch would make of it", async () => {
    vi.stubGlobal("location", { href: "https://app.x/" });
    const session = await startSession();
    const sent: (string | null)[] = [];
    const api = authorizeFetch(session.auth, {
      fetch: async (_, init) => {
        sent.push(new Headers(init?.headers).get("authorization"));
        return new Response();
      },
    });
    await api({ toString: () => "https://evil.io/" } as URL);
    await api("/mine");
    expect(sent).toEqual([null, expect.stringMatching(/^Bearer ./)]);
    await session.stop();
  });

  it("an opaque origin, as of a sandboxed frame, allows no other opaque one", () => {
    vi.stubGlobal("location", { href: "about:srcdoc" });
    const guard = createOriginGuard(authAt("https://auth.x/v1/auth"));
    expect(guard("data:text/plain,x")).toBe(false);
    expect(guard("about:blank")).toBe(false);
  });
});

it("allowedOrigins stands instead of the defaults, and must be origins", () => {
  const guard = createOriginGuard(authAt("https://auth.x/v1/auth"), [
    "https://one.x/with/a/path",
    "http://localhost:8080",
  ]);
  expect(guard("https://one.x/api")).toBe(true);
  expect(guard("http://localhost:8080/")).toBe(true);
  expect(guard("https://auth.x/api")).toBe(false);
  expect(guard("https://api.x/api", "https://api.x")).toBe(false);
  for (const wrong of ["*", "api.x", "null", ""])
    expect(() => createOriginGuard(authAt("https://auth.x"), [wrong])).toThrow(
      expect.objectContaining({ code: "invalidOptions" }),
    );
});

// Q02
describe("the session's own endpoints are exempt wherever they are", () => {
  const tokensOf = async (auth: AuthClient, addresses: readonly string[]): Promise<boolean[]> => {
    const seen: boolean[] = [];
    const api = authorizeFetch(auth, {
      fetch: async (_, init) => {
        seen.push(new Headers(init?.headers).has("authorization"));
        return new Response(null, { status: 401 });
      },
    });
    for (const address of addresses) await api(address, { method: "POST" });
    return seen;
  };

  it("moved by `paths`: a wrong login is sent once, without a token, and refreshes nothing", async () => {
    const session = await startSession();
    const { platform } = session.auth.internals;
    const backend = createHttpBackend({
      baseUrl: "https://app.example/v1/auth",
      paths: { signIn: "/login", refresh: "https://app.example/token/refresh/", signOut: "bye", user: "whoami" },
    });
    const { sessionEndpoints } = createAuthClient({ platform, backend }).internals;
    const auth = { ...session.auth, internals: { ...session.auth.internals, sessionEndpoints } };
    const exempt = [
      "login",
      "login/",
      "login?next=/",
      "token/refresh",
      "x/../login",
      "v1/auth/bye",
      "v1/auth/register",
    ];
    const seen = await tokensOf(
      auth,
      exempt.map((path) => `https://app.example/${path}`),
    );
    expect(seen).toEqual(exempt.map(() => false));
    expect(session.refreshCount()).toBe(0);
    // What stands where an endpoint was before it was moved is none.
    expect(await tokensOf(auth, ["https://app.example/v1/auth/whoami"])).toEqual([true, true]);
    expect((await tokensOf(auth, ["https://app.example/v1/auth/jwt/login"]))[0]).toBe(true);
    await session.stop();
  });

  it("of a backend of one's own, told apart by their query where the path is one for all", async () => {
    const session = await startSession();
    const sessionEndpoints = ["https://app.example/auth.php?do=login", "https://app.example/auth.php?do=refresh"];
    const auth = { ...session.auth, internals: { ...session.auth.internals, sessionEndpoints } };
    const address = "https://app.example/auth.php";
    expect(await tokensOf(auth, [`${address}?do=login`, `${address}?x=1&do=refresh`])).toEqual([false, false]);
    expect((await tokensOf(auth, [`${address}?do=profile`]))[0]).toBe(true);
    await session.stop();
  });
});

// Q03
it("an address that is changed after the call is asked for as it was", async () => {
  const session = await startSession({ isLoading: true });
  const sent: unknown[] = [];
  const api = authorizeFetch(session.auth, {
    allowedOrigins: ["https://api.x"],
    fetch: async (input, init) => {
      sent.push([input as string, new Headers(init?.headers).get("x-own"), init?.method]);
      return new Response();
    },
  });
  const url = new URL("https://api.x/mine");
  const headers = new Headers({ "x-own": "1" });
  const init: RequestInit = { method: "PUT", headers };
  const answer = api(url, init);
  url.host = "evil.io";
  headers.set("x-own", "2");
  init.method = "DELETE";
  await session.signInAs("ada");
  await answer;
  expect(sent).toEqual([["https://api.x/mine", "1", "PUT"]]);
  await session.stop();
});
