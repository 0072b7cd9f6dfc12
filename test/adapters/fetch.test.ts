import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AuthorizedFetch, authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { deferred } from "./support/deferred.ts";
import { type ResourceServer, startResourceServer, withoutToken } from "./support/resourceServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let resource: ResourceServer;
let session: Session;
let api: AuthorizedFetch;

beforeAll(async () => {
  resource = await startResourceServer();
});
beforeEach(async () => {
  resource.decide = null;
  resource.forget();
  session = await startSession();
  api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
});
afterEach(() => session.stop());
afterAll(() => resource.close());

async function refuseCurrentToken(): Promise<string> {
  await session.passCooldown();
  const token = await session.auth.getAccessToken();
  resource.refuse(token);
  return token;
}

const settled = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("the second send", () => {
  const form = () => {
    const data = new FormData();
    data.append("name", "Ada");
    data.append("file", new Blob(["contents"]), "a.txt");
    return data;
  };
  const inits: Record<string, () => RequestInit> = {
    "a GET": () => ({ headers: { "X-Own": "kept" } }),
    "a DELETE": () => ({ method: "DELETE" }),
    JSON: () => ({ method: "POST", body: '{"a":1}', headers: [["content-type", "application/json"]] }),
    text: () => ({ method: "PUT", body: "plain" }),
    URLSearchParams: () => ({ method: "POST", body: new URLSearchParams({ q: "a b" }) }),
    FormData: () => ({ method: "POST", body: form() }),
    Blob: () => ({ method: "POST", body: new Blob(["b"], { type: "image/png" }) }),
    Uint8Array: () => ({ method: "PATCH", body: new Uint8Array([0, 255]) }),
    ArrayBuffer: () => ({ method: "POST", body: new Uint8Array([1, 2]).buffer }),
    "keepalive and no credentials": () => ({ method: "POST", body: "x", keepalive: true, credentials: "omit" }),
  };
  const url = () => `${resource.origin}/things?q=1`;

  for (const [name, init] of Object.entries(inits)) {
    it.each(["address", "URL", "Request", "Request and init"])(
      `equals the first but for the token: ${name}, given as %s`,
      async (given) => {
        await refuseCurrentToken();
        const parameters: Record<string, Parameters<AuthorizedFetch>> = {
          address: [url(), init()],
          URL: [new URL(url()), init()],
          Request: [new Request(url(), init())],
          "Request and init": [new Request(url(), { headers: { "X-Replaced": "1" } }), init()],
        };
        const answer = await api(...(parameters[given] ?? [""]));
        expect(answer.status).toBe(200);
        const [first, second, ...more] = resource.requests;
        if (!first || !second) throw new Error("Not sent twice");
        expect(more).toEqual([]);
        expect(withoutToken(second)).toEqual(withoutToken(first));
        expect(second.token).toBe(await session.auth.getAccessToken());
        expect(first.body.length > 0).toBe(init().body !== undefined);
      },
    );
  }

  it("does not follow a body that is a stream, nor retryOn401: false; the next request has a new token", async () => {
    const stream = () => new Blob(["streamed"]).stream();
    const streamed: RequestInit & { duplex: "half" } = { method: "POST", body: stream(), duplex: "half" };
    await refuseCurrentToken();
    expect((await api(url(), streamed)).status).toBe(401);
    expect((await api(url())).status).toBe(200);
    await refuseCurrentToken();
    expect((await api(url(), { retryOn401: false })).status).toBe(401);
    await refuseCurrentToken();
    expect((await api(new Request(url(), { method: "POST", body: "x" }), { retryOn401: false })).status).toBe(401);
    await session.auth.getAccessToken();
    expect(session.refreshCount()).toBeGreaterThanOrEqual(2);
  });

  it("does not come of a Request whose body is used up", async () => {
    const request = new Request(url(), { method: "POST", body: "x" });
    await request.text();
    expect(await settled(api(request))).toBeInstanceOf(TypeError);
    expect(resource.requests).toHaveLength(0);
  });

  it("sends a Request made of a stream again, since it was copied", async () => {
    await refuseCurrentToken();
    const streamed: RequestInit & { duplex: "half" } = {
      method: "POST",
      body: new Blob(["streamed"]).stream(),
      duplex: "half",
    };
    expect((await api(new Request(url(), streamed))).status).toBe(200);
    expect(resource.requests.map(({ body }) => body.toString())).toEqual(["streamed", "streamed"]);
  });
});

describe("answers", () => {
  it("of 401 twice are the caller's, after one refresh", async () => {
    resource.decide = () => ({ status: 401, body: '{"detail":"NOT_YOURS"}' });
    const answer = await api(`${resource.origin}/x`);
    expect(await answer.json()).toEqual({ detail: "NOT_YOURS" });
    expect(resource.requests).toHaveLength(2);
    expect(session.refreshCount()).toBe(1);
  });

  it("of 401 come through readable when the refresh fails", async () => {
    await refuseCurrentToken();
    session.failRefresh("outage");
    const answer = await api(`${resource.origin}/x`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ detail: "Unauthorized" });
    expect(resource.requests).toHaveLength(1);
  });

  it("that never come are the network's own error", async () => {
    resource.decide = (_, response) => {
      response.destroy();
      return null;
    };
    expect(await settled(api(`${resource.origin}/x`))).toMatchObject({ name: "TypeError", message: "fetch failed" });
    expect(session.refreshCount()).toBe(0);
  });

  it("that are refused do not keep their connection busy", async () => {
    const answers: Response[] = [];
    const watched = authorizeFetch(session.auth, {
      allowedOrigins: [resource.origin],
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        answers.push(answer);
        return answer;
      },
    });
    await refuseCurrentToken();
    await watched(`${resource.origin}/x`);
    expect(answers.map(({ status, bodyUsed }) => [status, bodyUsed])).toEqual([
      [401, true],
      [200, false],
    ]);
  });

  it("share one refresh, however many were refused", async () => {
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const answers = Array.from({ length: 50 }, (_, n) => api(`${resource.origin}/${n}`));
    await resource.received(50);
    release();
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true);
    expect(session.refreshCount()).toBe(1);
  });
});

describe("aborting", () => {
  it("while a refresh is awaited rejects at once with the caller's own reason", async () => {
    await refuseCurrentToken();
    const release = session.holdRefresh();
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const byInit = settled(api(`${resource.origin}/init`, { signal: controller.signal }));
    const byRequest = settled(api(new Request(`${resource.origin}/request`, { signal: controller.signal })));
    await session.rejections(2);
    controller.abort(reason);
    expect(await byInit).toBe(reason);
    expect(await byRequest).toBe(reason);
    release();
    expect(resource.requests).toHaveLength(2);
  });

  it("while the session is being restored sends nothing", async () => {
    await session.stop();
    session = await startSession({ isLoading: true });
    api = authorizeFetch(session.auth, { allowedOrigins: [resource.origin] });
    const controller = new AbortController();
    const answer = settled(api(`${resource.origin}/x`, { signal: controller.signal }));
    controller.abort();
    expect(await answer).toMatchObject({ name: "AbortError" });
    expect(resource.requests).toHaveLength(0);
  });
});

describe("the token", () => {
  it("of the caller's own is left alone, in init or in a Request", async () => {
    resource.decide = () => ({ status: 401 });
    await api(`${resource.origin}/x`, { headers: { authorization: "Token own" } });
    await api(new Request(`${resource.origin}/x`, { headers: { Authorization: "Token own" } }));
    expect(resource.requests.map(({ headers }) => headers.authorization)).toEqual(["Token own", "Token own"]);
    expect(session.refreshCount()).toBe(0);
  });

  it("is of the subject at the time of the call, or the call fails", async () => {
    const old = await refuseCurrentToken();
    const gate = deferred<undefined>();
    resource.decide = ({ token }) => (token === old ? gate.promise : undefined);
    const answer = settled(api(`${resource.origin}/mine`, { method: "POST" }));
    await resource.received(1);
    await session.signInAs("bob");
    gate.resolve(undefined);
    expect(await answer).toMatchObject({ name: "AuthError", code: "identityChanged" });
    expect(resource.requests).toHaveLength(1);
  });

  it("is missing when nobody is signed in; after a session's end the call fails instead", async () => {
    await session.auth.signOut();
    expect((await api(`${resource.origin}/x`)).status).toBe(401);
    expect(resource.requests.map(({ token }) => token)).toEqual([null]);
    await session.signInAs("ada");
    session.failRefresh("ended");
    await refuseCurrentToken();
    await api(`${resource.origin}/x`);
    expect(await settled(api(`${resource.origin}/x`))).toMatchObject({ code: "sessionEnded" });
  });

  it("wrapped twice is asked for once", async () => {
    // It fits wherever a fetch is wanted.
    const asFetch: typeof fetch = api;
    const twice = authorizeFetch(session.auth, { allowedOrigins: [resource.origin], fetch: asFetch });
    resource.decide = () => ({ status: 401 });
    expect((await twice(`${resource.origin}/x`)).status).toBe(401);
    expect(resource.requests).toHaveLength(2);
  });

  // B175 https://github.com/axios/axios/issues/10711
  it("does not follow a redirect to another origin, and that one's 401 is not about it", async () => {
    const strangers: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      strangers.push(request.headers.authorization);
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
    resource.decide = () => ({ status: 302, headers: { location } });
    expect((await api(`${resource.origin}/x`)).status).toBe(401);
    expect((await api(new Request(`${resource.origin}/x`))).status).toBe(401);
    expect(strangers).toEqual([undefined, undefined]);
    expect(session.refreshCount()).toBe(0);
    await new Promise((resolve) => stranger.close(resolve));
  });

  it("comes along on a redirect within the origin", async () => {
    resource.decide = ({ path }) => (path === "/from" ? { status: 307, headers: { location: "/to" } } : undefined);
    await refuseCurrentToken();
    expect((await api(`${resource.origin}/from`, { method: "POST", body: "x" })).status).toBe(200);
    expect(resource.requests.map(({ path }) => path)).toEqual(["/from", "/to", "/from", "/to"]);
  });
});
