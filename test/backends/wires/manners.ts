import type { Manner } from "./ownApi.ts";

// What people write: each manner with the description that its developer would write.
const signIn: Manner["description"]["signIn"] = ({ username, password }) => ({
  path: "login",
  json: { email: username, password },
});
const user = { path: "me", map: ({ data }: { data: { _id: string } }) => ({ id: data._id }) };
const inBody: Manner["presented"] = async (c) => {
  const body = (await c.req.json().catch(() => ({}))) as { refreshToken?: string };
  return body.refreshToken;
};

export const manners: Record<string, Manner> = {
  "Express, refresh token in a cookie, no rotation": {
    byHand: "expressWithCookie",
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
    byHand: "expressInJson",
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
    byHand: "nest",
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
    byHand: "elysia",
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
    byHand: "spring",
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
