import { expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTokenBackend } from "../../src/core/createTokenBackend.ts";
import axios, { type InternalAxiosRequestConfig } from "axios";
import { createNodeClock } from "../../src/node/nodeClock.ts";
import { createPagePlatform } from "../interop/support/createPagePlatform.ts";
import { describeBackend } from "./support/describeBackend.ts";
import { type Manner, ownApi } from "./wires/ownApi.ts";

// What people write: each manner with the description that its developer would write, under the suite that the presets pass.
const signIn: Manner["description"]["signIn"] = ({ username, password }) => ({
  path: "login",
  json: { email: username, password },
});
const user = { path: "me", map: ({ data }: { data: { _id: string } }) => ({ id: data._id }) };
const inBody: Manner["presented"] = async (c) => ((await c.req.json()) as { refreshToken?: string }).refreshToken;

const manners: Record<string, Manner> = {
  "Express, refresh token in a cookie, no rotation": {
    claims: (id) => ({ id }),
    body: ({ access, id }) => ({ token: access, user: { _id: id } }),
    presented: () => undefined,
    refresh: { method: "GET", path: "/api/refresh" },
    signOutPath: "/api/logout",
    refusal: 403,
    rotates: false,
    refreshCookie: true,
    description: {
      signIn,
      refresh: () => ({ path: "refresh", method: "GET" }),
      signOut: () => ({ path: "logout" }),
      tokens: ({ token }) => ({ accessToken: token }),
      subject: "id",
      user,
    },
  },
  "Express, everything in JSON, opaque tokens without a lifetime": {
    claims: null,
    body: ({ access, refresh }) => ({
      success: true,
      data: { accessToken: `Bearer ${access}`, refreshToken: refresh },
    }),
    presented: inBody,
    refresh: { method: "POST", path: "/api/token" },
    signOutPath: "/api/logout",
    refusal: 403,
    rotates: true,
    isUntold: true,
    description: {
      signIn,
      refresh: (refreshToken) => ({ path: "token", json: { refreshToken } }),
      signOut: ({ refreshToken }) => ({ path: "logout", json: { refreshToken } }),
      tokens: ({ data }) => data,
      user,
    },
  },
  "NestJS, refresh token in the Authorization header": {
    claims: (id) => ({ sub: Number(id), email: "ada@example.org" }),
    body: ({ access, refresh }) => ({ access_token: access, refresh_token: refresh }),
    presented: (c) => c.req.header("Authorization")?.replace("Bearer ", ""),
    refresh: { method: "POST", path: "/api/refresh" },
    signOutPath: null,
    refusal: 401,
    rotates: true,
    description: {
      signIn,
      refresh: (token) => ({ path: "refresh", headers: { Authorization: `Bearer ${token}` } }),
      tokens: (body) => ({ accessToken: body.access_token, refreshToken: body.refresh_token }),
      user,
    },
  },
  "Elysia, both tokens in cookies": {
    claims: null,
    body: ({ endsAt }) => ({ expiresAt: new Date(endsAt).toISOString() }),
    presented: () => undefined,
    refresh: { method: "POST", path: "/api/refresh" },
    signOutPath: "/api/logout",
    refusal: 401,
    rotates: true,
    refreshCookie: true,
    accessCookie: true,
    description: {
      signIn,
      refresh: () => ({ path: "refresh" }),
      signOut: () => ({ path: "logout" }),
      tokens: { cookie: ({ expiresAt }) => ({ expiresAt }) },
      user,
    },
  },
  "Spring, refresh by PUT, lifetime in milliseconds": {
    claims: null,
    body: ({ access, refresh, endsAt, id }) => ({
      token: access,
      refreshToken: refresh,
      accessTokenExpires: endsAt,
      user: { uuid: id },
    }),
    presented: inBody,
    refresh: { method: "PUT", path: "/api/refreshtoken" },
    signOutPath: "/api/signout",
    refusal: 403,
    rotates: false,
    description: {
      signIn,
      refresh: (refreshToken) => ({ path: "refreshtoken", method: "PUT", json: { refreshToken } }),
      signOut: ({ refreshToken }) => ({ path: "signout", json: { refreshToken } }),
      tokens: (body) => ({
        accessToken: body.token,
        refreshToken: body.refreshToken,
        expiresAt: body.accessTokenExpires,
        user: body.user,
      }),
      user: "signIn",
    },
  },
  "one token for everything, where a new one kills the old": {
    claims: (id) => ({ sub: id }),
    body: ({ access, refresh }) => ({ access_token: access, key: refresh, expires_in: 5 }),
    presented: inBody,
    refresh: { method: "POST", path: "/api/refresh" },
    signOutPath: "/api/logout",
    refusal: 401,
    rotates: true,
    isSingle: true,
    description: {
      signIn,
      refresh: (refreshToken) => ({ path: "refresh", json: { refreshToken } }),
      signOut: ({ refreshToken }) => ({ path: "logout", json: { refreshToken } }),
      tokens: (body) => ({ accessToken: body.access_token, refreshToken: body.key, expiresIn: body.expires_in }),
      user,
    },
  },
};

for (const [name, manner] of Object.entries(manners)) {
  describeBackend(name, (world) => ownApi(world, manner), {
    usesCookie: manner.refreshCookie === true,
    lifetimeMs: manner.lifetimeMs ?? 5_000,
    // Where nothing tells how long a token lives, what a refusal means must not change after the first few.
    rounds: manner.isUntold ? 80 : 10,
  });
}

it("sets no header for an access token in a cookie, and renews and sends again all the same", async () => {
  const sent: Array<{ authorization: string | null; credentials: unknown }> = [];
  let isFresh = true;
  const backend = createTokenBackend({
    baseUrl: "https://app.example",
    signIn: () => ({ path: "login" }),
    refresh: () => ({ path: "refresh" }),
    tokens: { cookie: () => ({ subject: 42 }) },
    platform: { clock: createNodeClock(), random: Math.random, openChannel: undefined, storages: {} },
  });
  const platform = {
    ...createPagePlatform("https://app.example"),
    fetch: async () => {
      isFresh = true;
      return Response.json({});
    },
  };
  const client = createAuthClient({ backend, platform });
  await client.signIn({ username: "ada", password: "any" });
  const answer = (authorization: string | null, credentials: unknown): number => {
    sent.push({ authorization, credentials });
    return isFresh ? 200 : 401;
  };
  const api = authorizeFetch(client, {
    fetch: async (_, init) =>
      new Response(null, { status: answer(new Headers(init?.headers).get("Authorization"), init?.credentials) }),
  });
  const instance = axios.create({
    adapter: async (config: InternalAxiosRequestConfig) => {
      const status = answer(config.headers.get("Authorization") as string | null, config.withCredentials);
      return { data: null, status, statusText: "", headers: {}, config };
    },
    validateStatus: null,
  });
  authorizeAxios(instance, client);
  isFresh = false;
  expect((await api("https://app.example/things")).status).toBe(200);
  expect((await instance.get("https://app.example/things")).status).toBe(200);
  expect(sent.map(({ authorization }) => authorization ?? null)).toEqual([null, null, null]);
  expect(sent.map(({ credentials }) => credentials)).toEqual(["include", "include", true]);
  client.dispose();
});
