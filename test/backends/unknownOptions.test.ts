import { QueryClient } from "@tanstack/react-query";
import axios from "axios";
import { io } from "socket.io-client";
import { describe, expect, it } from "vitest";
import * as backends from "../../src/backends.ts";
import { authorizeAxios } from "../../src/axios.ts";
import { bindSession } from "../../src/bound.ts";
import { createAuthClient, createTokenBackend } from "../../src/client.ts";
import { followIdentity } from "../../src/connections.ts";
import { authorizeFetch } from "../../src/fetch.ts";
import { createNativeAuthClient } from "../../src/native.ts";
import { createNodeAuthClient } from "../../src/node.ts";
import { bindQueryClient } from "../../src/query.ts";
import { authorizeSocket } from "../../src/socket.io.ts";
import { createTabs, createTestAuthClient } from "../../src/testing.ts";

const auth = createTestAuthClient();
const connection = { open: () => {}, close: () => {} };
const description = { baseUrl: "/api", signIn: () => ({ path: "login" }), tokens: () => ({ accessToken: "any" }) };

/** Each with an option that is spelled as nobody offers it, and the one that was meant. */
const misspelled: Array<[string, (options: never) => unknown, object, string]> = [
  ["createAuthClient", createAuthClient, { baseURL: "/v1/auth" }, "baseUrl"],
  ["createTokenBackend", createTokenBackend, { ...description, refreshTokens: "memory" }, "refreshToken"],
  ["createNodeAuthClient", createNodeAuthClient, { baseUrl: "https://api.example", keyRing: true }, "keyring"],
  ["createNativeAuthClient", createNativeAuthClient, { baseUrl: "https://api.example", storagekey: "x" }, "storageKey"],
  ["createTabs", (options) => createTabs(1, options), { app: { fetch: () => new Response() }, seeds: 2 }, "seed"],
  ["createTestAuthClient", createTestAuthClient, { identities: [] }, "identity"],
  [
    "authorizeAxios",
    (options) => authorizeAxios(axios.create(), auth, options),
    { allowedOrigin: [] },
    "allowedOrigins",
  ],
  ["authorizeFetch", (options) => authorizeFetch(auth, options), { schema: "JWT" }, "scheme"],
  [
    "authorizeSocket",
    (options) => authorizeSocket(io({ autoConnect: false }), auth, options),
    { renewTimeout: 5 },
    "renewTimeoutMs",
  ],
  ["followIdentity", (options) => followIdentity(auth, options), { ...connection, onerror: () => {} }, "onError"],
  ["bindQueryClient", (options) => bindQueryClient(auth, new QueryClient(), options), { persistor: null }, "persister"],
  ["bindSession", (options) => bindSession({} as never, options), { dataBase: "keys" }, "database"],
  ["simpleJwt", backends.simpleJwt, { baseUrl: "/api", refreshToken: "memory", blacklist: false }, "hasBlacklist"],
  ["djRestAuth", backends.djRestAuth, { baseUrl: "/api", loginWith: "email" }, "signInWith"],
  ["directus", backends.directus, { baseURL: "/api" }, "baseUrl"],
  ["aspNetIdentity", backends.aspNetIdentity, { baseUrl: "/api", refresh: "memory" }, "refreshToken"],
  ["pocketBase", backends.pocketBase, { baseUrl: "/", collections: "users", refreshToken: "memory" }, "collection"],
  ["strapi", backends.strapi, { baseUrl: "/api", refresh_token: "memory" }, "refreshToken"],
  ["oauth2", backends.oauth2, { clientID: "the-page", endpoints: { token: "https://id.example" } }, "clientId"],
];

describe("an option that there is not", () => {
  it.each(misspelled)("is refused by %s, which names the nearest one", (name, call, options, meant) => {
    expect(() => call(options as never)).toThrow(expect.objectContaining({ code: "invalidOptions" }));
    expect(() => call(options as never)).toThrow(`\`${name}\` has no `);
    expect(() => call(options as never)).toThrow(`Did you mean \`${meant}\`?`);
  });
});
