import axios from "axios";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { deferred } from "./support/deferred.ts";
import { imitateReactNative } from "./support/imitateReactNative.ts";
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
  imitateReactNative();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await session.stop();
});
afterAll(() => resource.close());

const settled = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

// Q01 https://github.com/sindresorhus/ky/issues/588 · https://github.com/supabase/supabase/issues/8464
it("a request goes out, is renewed for and sent again, though URLs have no parts", async () => {
  const api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
  const old = await session.auth.getAccessToken();
  resource.refuse(old);
  const { signal } = new AbortController();
  expect((await api(`${resource.origin}/a%20b?q=1`, { signal })).status).toBe(200);
  expect(resource.requests.map(({ token }) => token)).toEqual([old, await session.auth.getAccessToken()]);
  const mine = axios.create({ baseURL: `${resource.origin}/v1` });
  authorizeAxios(mine, session.auth);
  expect((await mine.get("/a%20b", { signal })).status).toBe(200);
});

it("strangers, and addresses that only look like an allowed one, get no token", async () => {
  const seen: unknown[] = [];
  const api = authorizeFetch(session.auth, {
    allowedOrigins: ["https://api.x"],
    fetch: async (_, init) => {
      seen.push(new Headers(init?.headers).get("authorization"));
      return new Response();
    },
  });
  const addresses = [
    "https://api.x@evil.io/",
    "https://evil.io\\@api.x/",
    "https://api.x.evil.io/",
    "/relative",
    "blob:https://api.x/1",
  ];
  for (const address of [...addresses, "http://api.x/", "https://api.x:8443/"]) await api(address);
  await api("HTTPS://API.X/a");
  expect(seen).toEqual([...Array.from({ length: 7 }, () => null), expect.stringMatching(/^Bearer /)]);
});

it("aborting while a token is awaited rejects as an abort, not as a TypeError", async () => {
  const api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
  resource.refuse(await session.auth.getAccessToken());
  const release = session.holdRefresh();
  const controller = new AbortController();
  const answer = settled(api(`${resource.origin}/x`, { signal: controller.signal }));
  await session.rejections(1);
  controller.abort();
  expect(await answer).toMatchObject({ name: "AbortError" });
  release();
});

it("a failure of the refresh leaves the caller its 401", async () => {
  const api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
  resource.refuse(await session.auth.getAccessToken());
  session.failRefresh("outage");
  const { signal } = new AbortController();
  expect((await api(`${resource.origin}/x`, { signal })).status).toBe(401);
});

it("a late answer ends with its person, with the caller's signal and without", async () => {
  const gate = deferred<undefined>();
  resource.decide = () => gate.promise;
  const api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
  const { signal } = new AbortController();
  const answers = [settled(api(`${resource.origin}/x`)), settled(api(`${resource.origin}/y`, { signal }))];
  await resource.received(2);
  await session.auth.signOut();
  for (const answer of answers) expect(await answer).toMatchObject({ name: "AuthError", code: "identityChanged" });
  gate.resolve(undefined);
});
