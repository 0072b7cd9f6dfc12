// What an app downloads: minified by esbuild, compressed with gzip, without React, axios and TanStack Query, which it has anyway.
import { gzipSync } from "node:zlib";
import { bundleText } from "./support/bundle.mjs";
import { runAlone } from "./support/report.mjs";

const external = [
  "react",
  "react-dom",
  "react/jsx-runtime",
  "axios",
  "@tanstack/react-query",
  "socket.io-client",
  "next",
];

const react = `export { createAuthClient, AuthProvider, useAuth } from "stay-signed-in";`;
const client = `export { createAuthClient } from "stay-signed-in/client";`;
const axiosPart = `export { authorizeAxios } from "stay-signed-in/axios";`;
const fetchPart = `export { authorizeFetch } from "stay-signed-in/fetch";`;
const socketPart = `export { authorizeSocket } from "stay-signed-in/socket.io";`;

const bundles = [
  { name: "stay-signed-in: client, AuthProvider, useAuth, authorizeAxios", contents: react + axiosPart, aim: 16_500 },
  { name: "stay-signed-in: client, authorizeFetch", contents: client + fetchPart, aim: 14_500 },
  {
    name: "stay-signed-in: + useSession",
    contents: `${react}export { useSession } from "stay-signed-in";`,
    on: react,
    aim: 800,
  },
  { name: "stay-signed-in: + authorizeAxios", contents: client + axiosPart, on: client, aim: 1_600 },
  { name: "stay-signed-in: + authorizeFetch", contents: client + fetchPart, on: client, aim: 1_600 },
  { name: "stay-signed-in: + authorizeSocket", contents: client + socketPart, on: client, aim: 1_600 },
  {
    name: "flag and queue (hand-written): interceptors, nothing else",
    contents: `export * from "./peers/blogInterceptor.js";`,
  },
  {
    name: "axios-auth-refresh 5.0.2: interceptor, no session, no React",
    contents: `export { createAuthRefresh } from "axios-auth-refresh";`,
  },
  {
    name: "axios-jwt 4.0.3: interceptor, storage, no React",
    contents: `export { applyAuthTokenInterceptor, getBrowserLocalStorage, setAuthTokens } from "axios-jwt";`,
  },
  {
    name: "react-auth-kit 3.1.3: store, provider, hooks, refresh on an interval",
    contents: `export { default as createStore } from "react-auth-kit/createStore"; export { default as createRefresh } from "react-auth-kit/createRefresh"; export { default as AuthProvider } from "react-auth-kit/AuthProvider"; export { default as useAuthUser } from "react-auth-kit/hooks/useAuthUser"; export { default as useAuthHeader } from "react-auth-kit/hooks/useAuthHeader"; export { default as useSignIn } from "react-auth-kit/hooks/useSignIn"; export { default as useSignOut } from "react-auth-kit/hooks/useSignOut";`,
  },
  {
    name: "next-auth 4.24.15 /react: SessionProvider, useSession",
    contents: `export { SessionProvider, useSession, signIn, signOut } from "next-auth/react";`,
  },
  {
    name: "better-auth 1.7.25 /react: createAuthClient",
    contents: `export { createAuthClient } from "better-auth/react";`,
  },
  {
    name: "oidc-client-ts 3.5.0 + react-oidc-context 3.3.1",
    contents: `export { AuthProvider, useAuth } from "react-oidc-context"; export { UserManager, WebStorageStateStore } from "oidc-client-ts";`,
  },
  { name: "oidc-spa 10.2.11 /react-spa", contents: `export { oidcSpa } from "oidc-spa/react-spa";` },
  {
    name: "@supabase/auth-js 2.109.0: client, no React",
    contents: `export { GoTrueClient } from "@supabase/auth-js";`,
  },
];

export async function bytes() {
  const sizeOf = async (contents) => gzipSync(await bundleText(contents, external), { level: 9 }).length;
  const raw = [];
  for (const { name, contents, on, aim } of bundles) {
    const size = (await sizeOf(contents)) - (on === undefined ? 0 : await sizeOf(on));
    raw.push({ name, bytes: size, aim });
  }
  const all = await bundleText(react + axiosPart + fetchPart + socketPart, external);
  const strangers = ["AuthDevtools", "createTabs", "createAuthServer", "node:fs"].filter((word) =>
    Buffer.from(all).includes(word),
  );
  return {
    title: "Bytes",
    note: "Minified and compressed; React, axios, TanStack Query and Socket.IO left out. What follows a + comes on top of the client or the React parts.",
    columns: ["", "bytes", "aim", "against the first row"],
    rows: raw.map(({ name, bytes: size, aim }) => [
      name,
      String(size),
      aim ? `≤ ${aim}` : "",
      (size / raw[0].bytes).toFixed(2),
    ]),
    aims: [
      ...raw
        .filter(({ aim }) => aim !== undefined)
        .map(({ name, bytes: size, aim }) => ({
          aim: `${name}: at most ${aim}`,
          reached: `${size}`,
          isMet: size <= aim,
        })),
      {
        aim: "nothing of devtools, testing, node or server in it",
        reached: strangers.join(", ") || "none",
        isMet: strangers.length === 0,
      },
    ],
    raw,
  };
}

await runAlone(import.meta.url, bytes);
