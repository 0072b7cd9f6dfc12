import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloClient, gql as apolloGql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { configureStore } from "@reduxjs/toolkit";
import { createApi, fetchBaseQuery } from "@reduxjs/toolkit/query";
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { cacheExchange, createClient as createUrqlClient, fetchExchange, gql } from "@urql/core";
import axios, { type AxiosRequestConfig } from "axios";
import ky from "ky";
import { ofetch, createFetch } from "ofetch";
import createOpenApiClient from "openapi-fetch";
import { afterEach, beforeEach, expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { type AuthorizedFetch, authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";

// docs/recipes.md, each against a real server whose first answer to everybody is that the token has expired.

let server: Server;
let origin: string;
let auth: TestAuthClient;
let authorizedFetch: AuthorizedFetch;
let seen: { path: string; token: string | null; isRefused: boolean }[];
let refused: string | null;

const trpc = initTRPC.context<{ token: string | null }>().create();
const router = trpc.router({
  me: trpc.procedure.query(({ ctx }) => {
    if (ctx.token === refused) throw new TRPCError({ code: "UNAUTHORIZED" });
    return ctx.token;
  }),
  thing: trpc.procedure.query(() => "thing"),
});
const serveTrpc = createHTTPHandler({
  router,
  basePath: "/trpc/",
  createContext: ({ req }) => ({ token: tokenOf(req.headers.authorization) }),
});
const tokenOf = (header: string | undefined) => /^Bearer (.*)$/.exec(header ?? "")?.[1] ?? null;

beforeEach(async () => {
  auth = createTestAuthClient({ identity: { subject: "ada" } });
  refused = auth.accessToken.getState();
  seen = [];
  server = createServer((request, response) => {
    const path = request.url ?? "";
    const token = tokenOf(request.headers.authorization);
    const isRefused = token === null || token === refused;
    seen.push({ path, token, isRefused });
    if (path.startsWith("/trpc")) return serveTrpc(request, response);
    const isGraphql = path.startsWith("/graphql");
    request.resume().on("end", () => {
      response.writeHead(isRefused && !isGraphql ? 401 : 200, { "content-type": "application/json" });
      const errors = [{ message: "Who are you?", extensions: { code: "UNAUTHENTICATED" } }];
      const me = { __typename: "User", name: "Ada" };
      if (isGraphql) response.end(JSON.stringify(isRefused ? { data: null, errors } : { data: { me } }));
      else response.end('{"name":"Ada"}');
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  authorizedFetch = authorizeFetch(auth, { allowedOrigins: [origin] });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Refused once, renewed once, sent once more. */
function expectOneRenewal(requests = 1): void {
  expect(seen.map(({ isRefused }) => isRefused)).toEqual([
    ...Array.from({ length: requests }, () => true),
    ...Array.from({ length: requests }, () => false),
  ]);
  expect(seen.at(-1)?.token).toBe(auth.accessToken.getState());
}

it("ky", async () => {
  const api = ky.create({ prefixUrl: origin, fetch: authorizedFetch, retry: 0 });
  expect(await api.get("me").json()).toEqual({ name: "Ada" });
  expectOneRenewal();
});

it("ofetch", async () => {
  const api = createFetch({ fetch: authorizedFetch as typeof fetch, defaults: { baseURL: origin, retry: 0 } });
  expect(await api("/me")).toEqual({ name: "Ada" });
  expect(typeof ofetch).toBe("function");
  expectOneRenewal();
});

it("openapi-fetch", async () => {
  interface paths {
    "/me": {
      get: { responses: { 200: { content: { "application/json": { name: string } } } } };
    };
  }
  const api = createOpenApiClient<paths>({ baseUrl: origin, fetch: authorizedFetch });
  const { data } = await api.GET("/me");
  expect(data).toEqual({ name: "Ada" });
  expectOneRenewal();
});

it("orval, by its axios mutator", async () => {
  const api = axios.create({ baseURL: origin });
  authorizeAxios(api, auth);
  const mutator = <T>(config: AxiosRequestConfig, options?: AxiosRequestConfig): Promise<T> =>
    api<T>({ ...config, ...options }).then(({ data }) => data);
  expect(await mutator({ url: "/me", method: "get" })).toEqual({ name: "Ada" });
  expectOneRenewal();
});

it("RTK Query", async () => {
  const api = createApi({
    baseQuery: fetchBaseQuery({ baseUrl: origin, fetchFn: authorizedFetch as typeof fetch }),
    endpoints: (build) => ({ me: build.query<{ name: string }, void>({ query: () => "me" }) }),
  });
  const store = configureStore({
    reducer: { [api.reducerPath]: api.reducer },
    middleware: (defaults) => defaults().concat(api.middleware),
  });
  const { data } = await store.dispatch(api.endpoints.me.initiate());
  expect(data).toEqual({ name: "Ada" });
  expectOneRenewal();
  store.dispatch(api.util.resetApiState());
});

const isUnauthenticated = async (answer: Response): Promise<boolean> => {
  if (answer.status === 401) return true;
  if (!answer.headers.get("content-type")?.includes("json")) return false;
  const { errors = [] } = (await answer.json()) as { errors?: { extensions?: { code?: string } }[] };
  return errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");
};

it("Apollo Client", async () => {
  const fetchGraphql = authorizeFetch(auth, { allowedOrigins: [origin], isRefused: isUnauthenticated });
  const client = new ApolloClient({
    link: new HttpLink({ uri: `${origin}/graphql`, fetch: fetchGraphql as typeof fetch }),
    cache: new InMemoryCache(),
  });
  const { data } = await client.query<{ me: { name: string } }>({ query: apolloGql("{ me { name } }") });
  expect(data?.me.name).toBe("Ada");
  expectOneRenewal();
  client.stop();
});

it("urql", async () => {
  const fetchGraphql = authorizeFetch(auth, { allowedOrigins: [origin], isRefused: isUnauthenticated });
  const client = createUrqlClient({
    url: `${origin}/graphql`,
    exchanges: [cacheExchange, fetchExchange],
    fetch: fetchGraphql as typeof fetch,
    preferGetMethod: false,
  });
  const { data } = await client.query<{ me: { name: string } }>(gql("{ me { name } }"), {});
  expect(data?.me.name).toBe("Ada");
  expectOneRenewal();
});

it("tRPC, where one answer of a batch is refused", async () => {
  const isRefused = ({ status }: Response): boolean => status === 401 || status === 207;
  const fetchTrpc = authorizeFetch(auth, { allowedOrigins: [origin], isRefused });
  const client = createTRPCClient<typeof router>({
    links: [httpBatchLink({ url: `${origin}/trpc`, fetch: fetchTrpc as never })],
  });
  const [me, thing] = await Promise.all([client.me.query(), client.thing.query()]);
  expect([me, thing]).toEqual([auth.accessToken.getState(), "thing"]);
  expect(seen.map(({ path }) => path.split("?")[0])).toEqual(["/trpc/me,thing", "/trpc/me,thing"]);
});

it("TanStack Query, by queryOptions, with its signal", async () => {
  const meOptions = queryOptions({
    queryKey: ["me"],
    queryFn: async ({ signal }) => (await authorizedFetch(`${origin}/me`, { signal })).json() as Promise<unknown>,
  });
  expect(await new QueryClient().fetchQuery(meOptions)).toEqual({ name: "Ada" });
  expectOneRenewal();
});

it("an upload with progress, by a token that lasts as long as it takes, and one that dies midway", async () => {
  const api = axios.create({ baseURL: origin, maxBodyLength: Number.POSITIVE_INFINITY });
  authorizeAxios(api, auth);
  const progress: number[] = [];
  const file = Buffer.alloc(16 * 1024 * 1024);
  const { status } = await api.post("/upload", file, { onUploadProgress: ({ loaded }) => progress.push(loaded) });
  expect(status).toBe(200);
  expect(progress.filter((loaded) => loaded === file.length).length).toBeGreaterThan(0);
  expectOneRenewal();
});
