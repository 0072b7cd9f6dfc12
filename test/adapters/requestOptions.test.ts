import { Agent } from "node:http";
import axios, { type AxiosRequestConfig } from "axios";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthorizationOptions, RequestAuthorization } from "../../src/adapters/requestPolicy.ts";
import type { StepUp } from "../../src/core/authClient.ts";
import { axiosMatrix } from "./support/axiosLines.ts";
import { type ResourceServer, startResourceServer } from "./support/resourceServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let resource: ResourceServer;
let session: Session;

beforeAll(async () => {
  resource = await startResourceServer();
});
beforeEach(async () => {
  resource.decide = null;
  resource.forget();
  session = await startSession();
});
afterEach(() => session.stop());
afterAll(() => resource.close());

interface Given extends Omit<AuthorizationOptions<never>, "isRefused"> {
  isRefused?: (answer: { status: number; body: () => Promise<unknown> }) => boolean | Promise<boolean>;
}
type Send = (path: string, options?: RequestAuthorization) => Promise<{ status: number; body: unknown }>;

/** The same options for fetch and for every axios, and one way to send. */
const senders: [string, (given: Given) => Send][] = [
  [
    "fetch",
    ({ isRefused, ...given }) => {
      const api = authorizeFetch(session.auth, {
        allowedOrigins: [resource.origin],
        ...given,
        isRefused: isRefused && ((answer) => isRefused({ status: answer.status, body: () => answer.json() })),
      });
      return async (path, options) => {
        const answer = await api(resource.origin + path, options);
        return { status: answer.status, body: await answer.json() };
      };
    },
  ],
  ...axiosMatrix.map(({ name, create }): [string, (given: Given) => Send] => [
    name,
    ({ isRefused, ...given }) => {
      const api = create({ baseURL: resource.origin, validateStatus: null });
      authorizeAxios(api, session.auth, {
        ...given,
        isRefused: isRefused && ((answer) => isRefused({ status: answer.status, body: async () => answer.data })),
      });
      return async (path, options) => {
        const { status, data } = await api.get(path, options as AxiosRequestConfig);
        return { status, body: data };
      };
    },
  ]),
];

describe.each(senders)("%s", (name, sender) => {
  const unauthenticated = JSON.stringify({ data: null, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });

  // Q07 https://github.com/Infisical/infisical/pull/7986
  it.each([403, 498])("takes %i for a refused token where it is told to", async (status) => {
    const send = sender({ isRefused: (answer) => answer.status === status });
    const old = await session.auth.getAccessToken();
    resource.decide = ({ token }) => (token === old ? { status, body: "{}" } : { status: 200, body: "{}" });
    expect((await send("/x")).status).toBe(200);
    expect(resource.requests).toHaveLength(2);
    expect(session.refreshCount()).toBe(1);
    resource.decide = () => ({ status: 401, body: "{}" });
    expect((await send("/x")).status).toBe(401);
    expect(session.refreshCount()).toBe(1);
  });

  // Q07 https://github.com/apollographql/apollo-client/issues/6920
  it("reads an answer of 200 for its errors, and hands it on unread", async () => {
    const send = sender({
      isRefused: async (answer) => {
        const body = (await answer.body()) as { errors?: { extensions: { code: string } }[] };
        return body.errors?.[0]?.extensions.code === "UNAUTHENTICATED";
      },
    });
    const old = await session.auth.getAccessToken();
    resource.decide = ({ token }) => ({ status: 200, body: token === old ? unauthenticated : '{"data":1}' });
    expect(await send("/graphql")).toEqual({ status: 200, body: { data: 1 } });
    expect(session.refreshCount()).toBe(1);
    resource.decide = () => ({ status: 200, body: unauthenticated });
    expect((await send("/graphql")).body).toEqual(JSON.parse(unauthenticated));
  });

  // Q07 https://github.com/usefulteam/jwt-auth/issues/7 · https://github.com/sunscrapers/djoser/issues/494
  it("sends the token with another scheme, or in another header beside an Authorization of the caller's own", async () => {
    const token = await session.auth.getAccessToken();
    resource.decide = () => ({ status: 200, body: "{}" });
    await sender({ scheme: "JWT" })("/x");
    await sender({ scheme: "" })("/x");
    await sender({ header: "X-Api-Token" })("/x");
    await sender({ header: "x-api-token", scheme: "Token" })("/x");
    expect(resource.requests.map(({ headers }) => [headers.authorization, headers["x-api-token"]])).toEqual([
      [`JWT ${token}`, undefined],
      [token, undefined],
      [undefined, token],
      [undefined, `Token ${token}`],
    ]);
  });

  // Q07 https://github.com/Morelitea/initiative/pull/1608
  it("tells of a step-up, and does not take it for an expired token", async () => {
    const asked: StepUp[] = [];
    session.auth.on("stepUpRequired", (stepUp) => asked.push(stepUp));
    const send = sender({});
    const challenges = [
      'Bearer error="insufficient_user_authentication", error_description="More recent", max_age="300"',
      'Bearer error=insufficient_user_authentication, acr_values="urn:a urn:b", max_age=5',
      'Basic realm="x", Bearer realm="y", error="insufficient_user_authentication"',
    ];
    for (const challenge of challenges) {
      resource.decide = () => ({ status: 401, headers: { "www-authenticate": challenge }, body: "{}" });
      expect((await send("/pay")).status).toBe(401);
    }
    expect(asked).toEqual([
      { maxAgeSeconds: 300, acrValues: [] },
      { maxAgeSeconds: 5, acrValues: ["urn:a", "urn:b"] },
      { maxAgeSeconds: null, acrValues: [] },
    ]);
    expect(resource.requests).toHaveLength(3);
    expect(session.refreshCount()).toBe(0);
    resource.decide = () => ({
      status: 401,
      headers: { "www-authenticate": 'Bearer error="invalid_token"' },
      body: "{}",
    });
    await send("/x");
    expect(session.refreshCount()).toBe(1);
    expect(asked).toHaveLength(3);
  });

  // Q08
  it("sends one request without a token, in any state, and its 401 is the caller's", async () => {
    const send = sender({});
    expect((await send("/public", { token: false })).status).toBe(401);
    session.failRefresh("ended");
    resource.refuse(await session.auth.getAccessToken());
    await send("/x").catch(() => {});
    resource.decide = () => ({ status: 200, body: "{}" });
    expect((await send("/public", { token: false })).status).toBe(200);
    expect(resource.requests.map(({ token }) => token)).toEqual([null, expect.any(String), null]);
    expect(name).not.toBe("");
  });
});

// Q07: another header than Authorization is not dropped at a redirect to a stranger by what follows redirects.
describe("a header of another name", () => {
  it("is not followed to another origin by any axios in Node", async () => {
    const stranger = await startResourceServer();
    for (const { create, adapter } of axiosMatrix.filter((line) => line.adapter !== "fetch")) {
      const api = create({ baseURL: resource.origin, validateStatus: null });
      authorizeAxios(api, session.auth, { header: "X-Api-Token" });
      resource.decide = () => ({ status: 302, headers: { location: `${stranger.origin}/x` } });
      await api.get("/x");
      expect([adapter, stranger.requests.at(-1)?.headers["x-api-token"]]).toEqual([adapter, undefined]);
    }
    await stranger.close();
  });

  it("makes fetch stop at a redirect, unless the request says otherwise", async () => {
    const api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin], header: "X-Api-Token" });
    resource.decide = ({ path }) =>
      path === "/from" ? { status: 307, headers: { location: "/to" } } : { status: 200 };
    await expect(api(`${resource.origin}/from`)).rejects.toThrow();
    expect((await api(`${resource.origin}/from`, { redirect: "follow" })).status).toBe(200);
    expect(resource.requests.map(({ path }) => path)).toEqual(["/from", "/from", "/to"]);
  });
});

// Q04: what follows redirects for axios in Node keeps Authorization on the way to a subdomain.
describe("a redirect in Node", () => {
  const lookup = (_: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  const httpAgent = new Agent({ lookup: lookup as never });

  it.each(axiosMatrix.filter(({ adapter }) => adapter !== "fetch"))(
    "to another host of the same domain carries no token ($name)",
    async ({ create }) => {
      const other = await startResourceServer();
      const [port, otherPort] = [new URL(resource.origin).port, new URL(other.origin).port];
      const api = create({ baseURL: `http://app.test:${port}`, validateStatus: null, httpAgent });
      const seen: string[] = [];
      authorizeAxios(api, session.auth);
      const locations: Record<string, string> = {
        "/far": `http://api.app.test:${otherPort}/x`,
        "/near": "/x",
        "/port": `http://app.test:${otherPort}/x`,
      };
      resource.decide = ({ path }) => {
        const location = locations[path];
        return location ? { status: 307, headers: { location } } : { status: 200, body: "{}" };
      };
      other.decide = () => ({ status: 200, body: "{}" });
      const beforeRedirect = ({ href }: Record<string, string>) => void seen.push(new URL(String(href)).pathname);
      for (const path of Object.keys(locations)) expect((await api.get(path, { beforeRedirect })).status).toBe(200);
      expect(other.requests.map(({ token }) => token)).toEqual([null, null]);
      expect(resource.requests.map(({ token }) => token !== null)).toEqual([true, true, true, true]);
      expect(seen).toEqual(["/x", "/x", "/x"]);
      httpAgent.destroy();
      await other.close();
    },
  );
});

it("axios' own static instance is no different", async () => {
  const detach = authorizeAxios(axios, session.auth, { allowedOrigins: [resource.origin] });
  resource.decide = () => ({ status: 200, body: "{}" });
  await axios.get(`${resource.origin}/x`);
  await axios.get(`${resource.origin}/x`, { token: false } as AxiosRequestConfig);
  detach();
  expect(resource.requests.map(({ token }) => token !== null)).toEqual([true, false]);
});
