import { expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTokenBackend } from "../../src/core/createTokenBackend.ts";
import axios, { type InternalAxiosRequestConfig } from "axios";
import { createNodeClock } from "../../src/node/nodeClock.ts";
import { createPagePlatform } from "../interop/support/createPagePlatform.ts";
import { countedManner } from "./support/countLines.ts";
import { describeBackend } from "./support/describeBackend.ts";
import { manners } from "./wires/manners.ts";
import { ownApi } from "./wires/ownApi.ts";

for (const [name, manner] of Object.entries(manners)) {
  describeBackend(name, (world) => ownApi(world, manner), {
    usesCookie: manner.refreshCookie === true,
    lifetimeMs: manner.lifetimeMs ?? 5_000,
    // Where nothing tells how long a token lives, what a refusal means must not change after the first few.
    rounds: manner.isUntold ? 80 : 10,
    count: manner.byHand && countedManner(name, manner.byHand),
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
