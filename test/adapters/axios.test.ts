import { inspect } from "node:util";
import axios, { type AxiosInstance, type AxiosRequestConfig, isAxiosError, isCancel } from "axios";
import axiosRetry from "axios-retry";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AuthorizedRequestConfig, authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { axiosLines, axiosMatrix } from "./support/axiosLines.ts";
import { deferred } from "./support/deferred.ts";
import { type ResourceServer, startResourceServer } from "./support/resourceServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let resource: ResourceServer;
let session: Session;
let api: AxiosInstance;

beforeAll(async () => {
  resource = await startResourceServer();
});
beforeEach(async () => {
  resource.decide = null;
  resource.forget();
  session = await startSession();
  api = axios.create({ baseURL: resource.origin });
  authorizeAxios(api, session.auth);
});
afterEach(() => session.stop());
afterAll(() => resource.close());

async function refuseCurrentToken(): Promise<string> {
  await session.passCooldown();
  const token = await session.auth.getAccessToken();
  resource.refuse(token);
  return token;
}

const tokens = () => resource.requests.map(({ token }) => token);
const settled = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("one refresh for all", () => {
  // B001 https://github.com/Flyrell/axios-auth-refresh/issues/210
  it("is shared by all attached instances", async () => {
    const instances = axiosLines.map((line) => line.axios.create({ baseURL: resource.origin }));
    for (const instance of instances) authorizeAxios(instance, session.auth);
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const answers = instances.map((instance) => instance.get("/x"));
    await resource.received(instances.length);
    release();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    expect(session.refreshCount()).toBe(1);
    expect(new Set(tokens().slice(instances.length)).size).toBe(1);
  });

  // B002 https://github.com/Flyrell/axios-auth-refresh/issues/90 · B169 https://github.com/Flyrell/axios-auth-refresh/issues/7
  it("serves those that were refused and those that come while it is under way", async () => {
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const early = [1, 2, 3, 4, 5].map((n) => api.get(`/early/${n}`));
    await resource.received(5);
    release();
    await Promise.all(early);
    await Promise.all([1, 2, 3].map((n) => api.get(`/late/${n}`)));
    expect(session.refreshCount()).toBe(1);
    expect(resource.requests.filter(({ path }) => path.startsWith("/early")).length).toBe(10);
    expect(resource.requests.filter(({ path }) => path.startsWith("/late")).length).toBe(3);
  });

  // B004 https://github.com/Mentra-Community/MentraOS/pull/3449
  it("is not begun by a late 401 on a token that was replaced meanwhile", async () => {
    const late = deferred<undefined>();
    const old = await refuseCurrentToken();
    resource.decide = ({ path, token }) => (path === "/slow" && token === old ? late.promise : undefined);
    const slow = api.get("/slow");
    await api.get("/quick");
    expect(session.refreshCount()).toBe(1);
    late.resolve(undefined);
    await expect(slow).resolves.toMatchObject({ status: 200 });
    expect(session.refreshCount()).toBe(1);
    expect(tokens().filter((token) => token === old)).toHaveLength(2);
  });

  // B005 https://github.com/Flyrell/axios-auth-refresh/issues/12
  it("happens at each expiry, with the caller's interceptors always in the same order", async () => {
    const order: string[] = [];
    const mine = axios.create({ baseURL: resource.origin });
    const note =
      (what: string) =>
      <T>(value: T) => {
        order.push(what);
        return value;
      };
    mine.interceptors.request.use(note("request before"));
    mine.interceptors.response.use(note("response before"));
    authorizeAxios(mine, session.auth);
    mine.interceptors.request.use(note("request after"));
    mine.interceptors.response.use(note("response after"));
    for (let expiry = 1; expiry <= 4; expiry++) {
      await refuseCurrentToken();
      order.length = 0;
      await mine.get("/x");
      expect(session.refreshCount()).toBe(expiry);
      expect(order).toEqual(["request after", "request before", "response before", "response after"]);
    }
  });

  it("suffices for 1,000 concurrent requests with an expired token", async () => {
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const agentless = Array.from({ length: 1_000 }, (_, n) => api.get(`/many/${n}`));
    await resource.received(1_000);
    release();
    const answers = await Promise.all(agentless);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(session.refreshCount()).toBe(1);
    expect(resource.requests).toHaveLength(2_000);
  }, 60_000);
});

describe("no refresh too many", () => {
  // B238 https://github.com/jetbridge/axios-jwt/pull/11
  it.each([0, 1, 3, 5])(
    "comes of an overlap: its answer arrives when %i of 5 requests were refused",
    async (before) => {
      const old = await refuseCurrentToken();
      const gate = deferred<undefined>();
      let arrivals = 0;
      resource.decide = ({ token }) => (token === old && ++arrivals > before ? gate.promise : undefined);
      const release = session.holdRefresh();
      const answers = [1, 2, 3, 4, 5].map((n) => api.get(`/${n}`));
      await Promise.all([resource.received(5), session.rejections(before)]);
      release();
      if (before > 0) await session.auth.getAccessToken({ rejectedToken: old });
      gate.resolve(undefined);
      for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
      expect(session.refreshCount()).toBe(1);
    },
  );

  // B146 https://github.com/logto-io/js/issues/1073
  it("follows a sign-in: its token is there at once", async () => {
    await session.auth.signOut();
    await session.signInAs("bob");
    await Promise.all([1, 2, 3, 4, 5].map((n) => api.get(`/${n}`)));
    expect(new Set(tokens())).toEqual(new Set([await session.auth.getAccessToken()]));
    expect(session.refreshCount()).toBe(0);
  });

  // B221 https://github.com/AudiusProject/apps/pull/9888
  it("comes after a big upload: a token about to end is renewed first, and the upload sent once", async () => {
    await session.passCooldown();
    await session.sleep(868_000);
    const progress: number[] = [];
    const upload = Buffer.alloc(5 * 1024 * 1024);
    await api.post("/upload", upload, { onUploadProgress: ({ loaded }) => progress.push(loaded) });
    expect(resource.requests.map(({ body }) => body.length)).toEqual([upload.length]);
    expect(progress).toEqual([...progress].sort((one, other) => one - other));
    expect(session.refreshCount()).toBe(1);
  });
});

describe("a 401 that does not go away", () => {
  // B008 https://github.com/bucketeer-io/bucketeer/issues/2455
  it.each(axiosMatrix)("is the caller's after two sends and one refresh ($name)", async ({ create }) => {
    const mine = create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    resource.decide = () => ({ status: 401, body: '{"detail":"NOT_YOURS"}' });
    const error = await settled(mine.get("/x"));
    expect(error).toMatchObject({ isAxiosError: true, response: { status: 401, data: { detail: "NOT_YOURS" } } });
    expect(resource.requests).toHaveLength(2);
    expect(session.refreshCount()).toBe(1);
    expect(session.auth.getState().status).toBe("authenticated");
  });

  // B168 https://github.com/softonic/axios-retry/issues/59
  it("is not retried for ever when an interceptor clones the config", async () => {
    api.interceptors.request.use((config) => ({ ...config }));
    api.interceptors.request.use((config) => JSON.parse(JSON.stringify({ ...config, adapter: undefined })), undefined);
    resource.decide = () => ({ status: 401 });
    expect(await settled(api.get("/x"))).toBeInstanceOf(Error);
    expect(resource.requests.length).toBeLessThanOrEqual(2);
  });

  // B143 https://github.com/axios/axios/issues/441
  it("resolves, and is recovered from, where validateStatus accepts it", async () => {
    const lenient = { validateStatus: () => true };
    await refuseCurrentToken();
    await expect(api.get("/x", lenient)).resolves.toMatchObject({ status: 200, data: { ok: true } });
    resource.decide = () => ({ status: 401 });
    await expect(api.get("/x", lenient)).resolves.toMatchObject({ status: 401 });
  });

  // B009 https://github.com/axios/axios/issues/3327 · B011 https://github.com/Flyrell/axios-auth-refresh/issues/97 ·
  // B170 https://github.com/Flyrell/axios-auth-refresh/issues/120 · B205 https://github.com/witoldsz/angular-http-auth/issues/8 ·
  // B206 https://github.com/francesco-gaglione/focus_flow_cloud/pull/41
  it("on the endpoints of sign-in, refresh and sign-out is passed on untouched, without a token and without waiting", async () => {
    const { baseUrl } = session.auth;
    const seen: { url: string | undefined; authorization: unknown }[] = [];
    const direct = axios.create({
      baseURL: baseUrl,
      adapter: async (config) => {
        seen.push({ url: config.url, authorization: config.headers.Authorization });
        const response = { data: "", status: 401, statusText: "", headers: {}, config };
        throw Object.assign(new axios.AxiosError("refused", "ERR_BAD_REQUEST", config, {}, response));
      },
    });
    authorizeAxios(direct, session.auth);
    await session.auth.signOut();
    await session.signInAs("ada");
    const exempt = [
      "/jwt/refresh",
      "/jwt/login",
      "/jwt/logout",
      "/register",
      "/guest",
      "/device/code",
      "/device/token",
    ];
    for (const path of exempt) expect(await settled(direct.post(path))).toMatchObject({ response: { status: 401 } });
    expect(seen).toEqual(exempt.map((url) => ({ url, authorization: undefined })));
    expect(session.refreshCount()).toBe(0);
    for (const path of ["/users/me", "/sessions", "/device/approve"]) await settled(direct.get(path));
    expect(seen.slice(exempt.length).every(({ authorization }) => /^Bearer ./.test(String(authorization)))).toBe(true);
  });
});

describe("what is not a 401", () => {
  // B144 https://github.com/axios/axios/issues/1026 · B173 https://github.com/nensii21/devlink/pull/1107
  it("is passed on as it is: a broken connection, a 500, a 403", async () => {
    resource.decide = (_, response) => {
      response.destroy();
      return null;
    };
    const failure = await settled(api.post("/x", {}));
    expect(failure).toMatchObject({ isAxiosError: true, code: "ECONNRESET" });
    for (const status of [500, 503, 403, 422]) {
      resource.decide = () => ({ status });
      expect(await settled(api.post("/x", {}))).toMatchObject({ response: { status } });
    }
    expect(resource.requests).toHaveLength(5);
    expect(session.refreshCount()).toBe(0);
  });

  // B225 https://github.com/simoneb/axios-hooks/issues/775
  it("or is one: either way a response with a status or an error comes out", async () => {
    const outcomes = [200, 204, 401, 403, 500];
    for (const first of outcomes)
      for (const second of outcomes) {
        let sends = 0;
        await session.passCooldown();
        resource.decide = () => ({ status: (sends++ === 0 ? first : second) as number });
        const result = await api.get("/x").catch((error: unknown) => error);
        const expected = first === 401 ? second : first;
        if (expected < 300) expect(result).toMatchObject({ status: expected });
        else expect(result).toMatchObject({ isAxiosError: true, response: { status: expected } });
      }
  });
});

describe("before the first send", () => {
  // B133 https://github.com/aws-amplify/amplify-js/issues/13486
  it("an outage rejects with a reason of ours that holds the network's, and nothing is sent", async () => {
    session.failRefresh("outage");
    await session.sleep(1_000_000);
    const error = await settled(api.get("/x"));
    expect(error).toMatchObject({ name: "AuthError", code: "unavailable", message: expect.stringMatching(/./) });
    expect((error as Error).cause).toBeInstanceOf(Error);
    expect(resource.requests).toHaveLength(0);
  });

  // B165 https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/5222
  it("the session's end rejects as that, and nothing is sent", async () => {
    session.failRefresh("ended");
    await session.sleep(1_000_000);
    expect(await settled(api.get("/x"))).toMatchObject({ name: "AuthError", code: "sessionEnded" });
    expect(resource.requests).toHaveLength(0);
  });
});

describe("a refresh that fails", () => {
  // B224 https://github.com/Flyrell/axios-auth-refresh/issues/94
  it.each(axiosMatrix)("leaves the caller its own 401, with the reason as its cause ($name)", async ({ create }) => {
    const mine = create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    await refuseCurrentToken();
    session.failRefresh("outage");
    const outage = await settled(mine.get("/x"));
    expect(outage).toMatchObject({ isAxiosError: true, response: { status: 401 }, cause: { code: "unavailable" } });
    session.failRefresh(null);
    await session.signInAs("ada");
    await refuseCurrentToken();
    session.failRefresh("ended");
    const ended = await settled(mine.get("/x"));
    expect(ended).toMatchObject({ isAxiosError: true, response: { status: 401 }, cause: { code: "sessionEnded" } });
    // Not sent any more, since nobody is signed in.
    expect(await settled(mine.get("/x"))).toMatchObject({ name: "AuthError", code: "sessionEnded" });
    expect(resource.requests).toHaveLength(2);
  });

  // B224 https://github.com/Flyrell/axios-auth-refresh/issues/94
  it("is not the only error there is: the second send's own comes through", async () => {
    const old = await refuseCurrentToken();
    resource.decide = ({ token }) => (token === old ? undefined : { status: 422, body: '{"msg":"no"}' });
    expect(await settled(api.post("/x", {}))).toMatchObject({
      response: { status: 422, data: { msg: "no" } },
      config: { url: "/x" },
    });
  });
});

describe("a token", () => {
  it("that the refresh gives out once more is not sent again", async () => {
    const same = axios.create({ baseURL: resource.origin });
    authorizeAxios(same, {
      ...session.auth,
      internals: { ...session.auth.internals, peekAccessToken: () => "the same" },
      getAccessToken: async () => "the same",
    });
    resource.refuse("the same");
    expect(await settled(same.get("/x"))).toMatchObject({ response: { status: 401 } });
    expect(resource.requests).toHaveLength(1);
  });

  it("that nobody waits for may fail to come without a word", async () => {
    await refuseCurrentToken();
    session.failRefresh("outage");
    const once: AxiosRequestConfig & AuthorizedRequestConfig = { retryOn401: false };
    expect(await settled(api.get("/x", once))).toMatchObject({ response: { status: 401 } });
    expect(await settled(api.get("/x"))).toMatchObject({ cause: { code: "unavailable" } });
  });
});

describe("aborting", () => {
  // B064 https://github.com/softonic/axios-retry/pull/268 · B065 https://github.com/axios/axios/pull/11181 ·
  // B141 https://github.com/simoneb/axios-hooks/issues/371
  it.each(axiosMatrix)(
    "while a refresh is awaited rejects at once, with axios' own kind, and spares the others ($name)",
    async ({ create, axios: line }) => {
      const mine = create({ baseURL: resource.origin });
      authorizeAxios(mine, session.auth);
      await refuseCurrentToken();
      const release = session.holdRefresh();
      const controller = new AbortController();
      const source = line.CancelToken.source();
      const bySignal = settled(mine.get("/by-signal", { signal: controller.signal }));
      const byToken = settled(mine.get("/by-token", { cancelToken: source.token }));
      const other = mine.get("/other");
      await session.rejections(3);
      controller.abort();
      source.cancel("changed my mind");
      for (const error of [await bySignal, await byToken]) {
        expect(line.isCancel(error)).toBe(true);
        expect(error).toMatchObject({ code: "ERR_CANCELED" });
      }
      release();
      await expect(other).resolves.toMatchObject({ status: 200 });
      expect(resource.requests.map(({ path }) => path).slice(3)).toEqual(["/other"]);
      expect(session.refreshCount()).toBe(1);
    },
  );

  it("before the request sends nothing", async () => {
    expect(isCancel(await settled(api.get("/x", { signal: AbortSignal.abort() })))).toBe(true);
    expect(resource.requests).toHaveLength(0);
  });

  it("leaves no listener on the signal once the request has settled", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => (listeners++, add(...parameters));
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => (listeners--, remove(...parameters));
    await refuseCurrentToken();
    await api.get("/x", { signal });
    expect(listeners).toBe(0);
  });

  it("by the request's own timeout ends the wait for a token", async () => {
    await session.stop();
    session = await startSession({ isLoading: true });
    const mine = axios.create({ baseURL: resource.origin, timeout: 20 });
    authorizeAxios(mine, session.auth);
    expect(await settled(mine.get("/x"))).toMatchObject({ name: "AuthError", code: "aborted" });
    expect(resource.requests).toHaveLength(0);
  });
});

describe("attaching", () => {
  // B140 https://github.com/axios/axios/issues/1645
  it("five times is attaching once, and detaching undoes it", async () => {
    const count = (instance: AxiosInstance) => {
      let handlers = 0;
      const each = (manager: unknown) => (manager as { forEach(visit: () => void): void }).forEach(() => handlers++);
      each(instance.interceptors.request);
      each(instance.interceptors.response);
      return handlers;
    };
    const mine = axios.create({ baseURL: resource.origin });
    const detachments = Array.from({ length: 5 }, () => authorizeAxios(mine, session.auth));
    expect(count(mine)).toBe(1);
    await refuseCurrentToken();
    await mine.get("/x");
    expect(resource.requests).toHaveLength(2);
    for (const detach of detachments) detach();
    expect(count(mine)).toBe(0);
    await settled(mine.get("/x"));
    expect(tokens().at(-1)).toBeNull();
    const detach = authorizeAxios(mine, session.auth);
    expect(count(mine)).toBe(1);
    detachments[0]?.();
    expect(count(mine)).toBe(1);
    detach();
  });

  it("can end in mid-flight: what is under way finishes as it began", async () => {
    const mine = axios.create({ baseURL: resource.origin });
    const detach = authorizeAxios(mine, session.auth);
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const answer = mine.get("/x");
    await session.rejections(1);
    detach();
    release();
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });

  it("changes no defaults, neither the instance's nor axios' own", async () => {
    const { adapter, headers } = axios.defaults;
    const before = inspect([axios.defaults, api.defaults], { depth: 5 });
    await refuseCurrentToken();
    await api.get("/x");
    expect(inspect([axios.defaults, api.defaults], { depth: 5 })).toBe(before);
    expect(axios.defaults).toMatchObject({ adapter, headers });
  });

  it("covers an adapter of the caller's own", async () => {
    const seen: unknown[] = [];
    const mine = axios.create({
      baseURL: resource.origin,
      adapter: (config) => {
        seen.push(config.headers.get("Authorization"));
        return axios.getAdapter("http")(config);
      },
    });
    authorizeAxios(mine, session.auth);
    await refuseCurrentToken();
    await mine.get("/x");
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(`Bearer ${await session.auth.getAccessToken()}`);
  });
});

describe("beside other interceptors", () => {
  // B056 https://github.com/axios/axios/issues/6597
  it("sends the token of the moment of sending, not of the moment of asking", async () => {
    const gate = deferred<void>();
    const mine = axios.create({ baseURL: resource.origin });
    mine.interceptors.request.use(async (config) => {
      await gate.promise;
      return config;
    });
    authorizeAxios(mine, session.auth);
    const old = await session.auth.getAccessToken();
    const answer = mine.get("/x");
    await session.auth.getAccessToken({ rejectedToken: old });
    gate.resolve();
    await answer;
    expect(tokens()).toEqual([await session.auth.getAccessToken()]);
    expect(tokens()).not.toContain(old);
  });

  // B067 https://github.com/softonic/axios-retry/issues/162
  it.each(["before", "after"])("works with axios-retry attached %s it", async (when) => {
    const mine = axios.create({ baseURL: resource.origin });
    const retry = () => axiosRetry(mine, { retries: 3, retryDelay: () => 1 });
    if (when === "before") retry();
    authorizeAxios(mine, session.auth);
    if (when === "after") retry();
    const old = await refuseCurrentToken();
    const statuses = [503, 401, 200];
    resource.decide = () => ({ status: statuses.shift() ?? 500 });
    await expect(mine.put("/x", { a: 1 })).resolves.toMatchObject({ status: 200 });
    expect(tokens()).toEqual([old, old, await session.auth.getAccessToken()]);
    expect(new Set(resource.requests.map(({ body }) => body.toString()))).toEqual(new Set(['{"a":1}']));
    expect(session.refreshCount()).toBe(1);
  });

  it("lets a caller send the config of an error or a response again", async () => {
    resource.decide = () => ({ status: 500 });
    const error = await settled(api.post("/x", { a: 1 }));
    if (!isAxiosError(error) || !error.config) throw error;
    expect(error.config.adapter).toEqual(axios.defaults.adapter);
    expect(error.config.headers.has("Authorization")).toBe(false);
    resource.decide = null;
    await refuseCurrentToken();
    const again = await api(error.config);
    expect(again.status).toBe(200);
    await api(again.config);
    expect(tokens().at(-1)).toBe(await session.auth.getAccessToken());
    expect(session.refreshCount()).toBe(1);
  });
});

describe("identity", () => {
  // B124 https://github.com/open-mercato/open-mercato/issues/1947
  it("is that of the caller: requests of a former one are not sent again as the next", async () => {
    const old = await refuseCurrentToken();
    const gate = deferred<undefined>();
    resource.decide = ({ token }) => (token === old ? gate.promise : undefined);
    const answers = [1, 2, 3].map((n) => settled(api.post(`/mine/${n}`)));
    await resource.received(3);
    await session.signInAs("bob");
    gate.resolve(undefined);
    for (const error of await Promise.all(answers))
      expect(error).toMatchObject({ name: "AuthError", code: "identityChanged" });
    expect(resource.requests).toHaveLength(3);
  });

  // B125 https://github.com/lbryio/lbry-desktop/issues/6829
  it("is settled when the caller asks, whatever an interceptor waits for", async () => {
    const gate = deferred<void>();
    const mine = axios.create({ baseURL: resource.origin });
    mine.interceptors.request.use(async (config) => {
      await gate.promise;
      return config;
    });
    authorizeAxios(mine, session.auth);
    const answer = settled(mine.post("/sync"));
    await Promise.resolve();
    await session.signInAs("bob");
    gate.resolve();
    expect(await answer).toMatchObject({ code: "identityChanged" });
    expect(resource.requests).toHaveLength(0);
  });

  it("is nobody's after sign-out: requests go out plain, and their 401 is the caller's", async () => {
    await session.auth.signOut();
    expect(await settled(api.get("/x"))).toMatchObject({ response: { status: 401 } });
    expect(tokens()).toEqual([null]);
    expect(session.refreshCount()).toBe(0);
  });

  it("is nobody's where nobody ever was: requests go out plain", async () => {
    await session.stop();
    session = await startSession({ as: null });
    const mine = axios.create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    expect(await settled(mine.get("/x"))).toMatchObject({ response: { status: 401 } });
    expect(tokens()).toEqual([null]);
  });

  it("is awaited while the session is being restored", async () => {
    await session.stop();
    session = await startSession({ isLoading: true });
    authorizeAxios(api, session.auth);
    const mine = axios.create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    const answer = mine.get("/x");
    await session.signInAs("ada");
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });
});

describe("a held session", () => {
  it("sends what waited when the same subject is back", async () => {
    await session.stop();
    session = await startSession({ onSessionEnd: "hold" });
    const mine = axios.create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    await refuseCurrentToken();
    session.failRefresh("ended");
    const ended = new Promise((resolve) => session.auth.on("sessionEnded", resolve));
    const held = session.auth.getAccessToken({ rejectedToken: await session.auth.getAccessToken() });
    await ended;
    const waiting = mine.get("/x");
    await session.signInAs("ada");
    await expect(waiting).resolves.toMatchObject({ status: 200 });
    expect(await held).toBe(await session.auth.getAccessToken());
    expect(resource.requests).toHaveLength(1);
  });
});

describe("the token", () => {
  it.each(axiosMatrix.filter(({ version }) => !version.startsWith("0")))(
    "stays away with Authorization: false ($name)",
    async ({ create }) => {
      const mine = create({ baseURL: resource.origin });
      authorizeAxios(mine, session.auth);
      const answer = await settled(mine.get("/public", { headers: { Authorization: false } }));
      expect(answer).toMatchObject({ response: { status: 401 } });
      expect(resource.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
      expect(session.refreshCount()).toBe(0);
    },
  );

  // B175 https://github.com/axios/axios/issues/10711 · B088 https://github.com/Jellify-Music/App/pull/1140
  it.each(axiosMatrix)(
    "does not follow a redirect to a stranger, whose 401 changes nothing ($name)",
    async ({ create, adapter }) => {
      const stranger = await startResourceServer();
      resource.decide = () => ({ status: 302, headers: { location: `${stranger.origin}/x` } });
      const mine = create({ baseURL: resource.origin });
      authorizeAxios(mine, session.auth);
      expect(await settled(mine.get("/x"))).toMatchObject({ response: { status: 401 } });
      expect(stranger.requests.length).toBeGreaterThan(0);
      for (const { headers } of stranger.requests)
        expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
      // axios' fetch adapter does not tell where an answer came from.
      expect(session.refreshCount()).toBe(adapter === "fetch" ? 1 : 0);
      expect(session.auth.getState().status).toBe("authenticated");
      await stranger.close();
    },
  );
});

describe("what errors and answers show", () => {
  // B226 https://github.com/axios/axios/issues/6919
  it.each(axiosMatrix)("holds no token ($name)", async ({ create }) => {
    const mine = create({ baseURL: resource.origin });
    authorizeAxios(mine, session.auth);
    const first = await refuseCurrentToken();
    resource.decide = ({ path }) => (path === "/fine" ? { status: 200 } : { status: 401 });
    const error = await settled(mine.get("/x"));
    const answer = await mine.get("/fine");
    const second = await session.auth.getAccessToken();
    for (const shown of [error, answer])
      for (const text of [inspect(shown, { depth: 9 }), JSON.stringify(error)]) {
        expect(text).not.toContain(first);
        expect(text).not.toContain(second);
      }
    expect(answer.request).toBeDefined();
  });
});
