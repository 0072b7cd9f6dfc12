import { beforeEach, describe, expect, it } from "vitest";
import { bindSession } from "../../src/bound/bindSession.ts";
import { createDpopProof } from "../../src/bound/dpopProof.ts";
import type { SessionKey } from "../../src/bound/sessionKey.ts";
import { createAuthClient } from "../../src/browser/createAuthClient.ts";
import type { Backend, BackendCall, TokenAnswer } from "../../src/core/backend.ts";
import { createHttpBackend } from "../../src/core/createHttpBackend.ts";
import { isSignInChallenge, type SignInChallenge } from "../../src/core/signInChallenge.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { createCookieJar, type CookieJar } from "../../src/testing/cookieJar.ts";
import { type Answer, detailOf, openPage, type Sender, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, PASSWORD, register, type TestServer } from "./support/testServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const ORIGIN = "http://localhost";
const CREDENTIALS = { username: "ada@example.org", password: PASSWORD };

async function makeKey(): Promise<SessionKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, jwk: { kty, crv, x, y } };
}

/** The client's own backend in a browser with this jar and key. */
function openBrowser(
  server: TestServer,
  key: SessionKey | null,
  { jar = createCookieJar(), address = "192.0.2.1" } = {},
) {
  const requests: { readonly path: string; readonly status: number }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    headers.set("origin", ORIGIN);
    headers.set("sec-fetch-site", "same-origin");
    const cookie = jar.header(url);
    if (cookie !== null) headers.set("cookie", cookie);
    const { method = "GET", body = null } = init ?? {};
    const request = new Request(url, {
      method,
      headers,
      body: body instanceof URLSearchParams ? body : (body as string),
    });
    const answer = await server.app.fetch(request, { incoming: { socket: { remoteAddress: address } } });
    jar.receive(answer.headers.getSetCookie(), url);
    requests.push({ path: new URL(url).pathname.replace("/v1/auth", ""), status: answer.status });
    return answer;
  };
  const backend: Backend = bindSession(createHttpBackend({ baseUrl: `${ORIGIN}/v1/auth` }), {
    loadKey: async () => key,
  });
  const call = { fetch, signal: new AbortController().signal };
  return {
    jar,
    requests,
    fetch,
    backend,
    call,
    signIn: async () => unchallenged(await backend.signIn(CREDENTIALS, call)),
    refresh: () => backend.refresh(call),
  };
}

const copyOf = (jar: CookieJar): CookieJar => {
  const copy = createCookieJar();
  for (const { name, value, path } of jar.cookies()) {
    copy.receive([`${name}=${value}; Path=${path}; HttpOnly; Max-Age=600000`], `${ORIGIN}/v1/auth`);
  }
  return copy;
};

describe("a session that is bound to a key", () => {
  let server: TestServer;
  let key: SessionKey;

  async function begin(options: Partial<AuthServerOptions> = { sessionBinding: "optional" }): Promise<void> {
    server = createTestServer(options);
    key = await makeKey();
    await register(openPage(server));
  }
  beforeEach(() => begin());

  const types = () => server.events.map(({ type }) => type);

  it("begins with one request more, for the nonce, and then costs none", async () => {
    const browser = openBrowser(server, key);
    await browser.signIn();
    for (let round = 0; round < 3; round += 1) {
      server.advance(720);
      expect((await browser.refresh()).kind).toBe("token");
    }
    expect(browser.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      "/jwt/login 400",
      "/jwt/login 200",
      "/jwt/refresh 200",
      "/jwt/refresh 200",
      "/jwt/refresh 200",
    ]);
  });

  it("begins with no request more in a page that has asked for a session before: each answer to a proof has a nonce", async () => {
    const browser = openBrowser(server, key);
    await browser.refresh();
    await browser.signIn();
    expect(browser.requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      "/jwt/refresh 200",
      "/jwt/login 200",
    ]);
  });

  it("goes on after any sleep, with a new nonce", async () => {
    const browser = openBrowser(server, key);
    await browser.signIn();
    for (let day = 0; day < 3; day += 1) {
      server.advance(86_400);
      expect((await browser.refresh()).kind).toBe("token");
    }
    expect(browser.requests.filter(({ status }) => status === 400)).toHaveLength(4);
  });

  it("is worth nothing to whoever copied the cookie: without a key or with another, and it goes on for its owner", async () => {
    const owner = openBrowser(server, key);
    await owner.signIn();
    for (const stolenBy of [null, await makeKey()]) {
      const thief = openBrowser(server, stolenBy, { jar: copyOf(owner.jar) });
      expect(await thief.refresh()).toEqual({ kind: "ended", reason: "expired", namesRefreshToken: true });
      expect(types().at(-1)).toBe("proofRefused");
    }
    for (let round = 0; round < 3; round += 1) {
      server.advance(720);
      expect((await owner.refresh()).kind).toBe("token");
    }
    expect(types()).not.toContain("reuseDetected");
  });

  it("is not gone on with by the proof of a request that was overheard, nor by one for another address", async () => {
    const owner = openBrowser(server, key);
    await owner.signIn();
    const page = openPage(server, { jar: new Map(owner.jar.cookies().map(({ name, value }) => [name, value])) });
    const challenge = await page.send("POST", "/jwt/refresh", {
      headers: { dpop: await proofFor("/jwt/refresh", null) },
    });
    const nonce = challenge.headers.get("dpop-nonce");
    const present = (dpop: string): Promise<Answer> => page.send("POST", "/jwt/refresh", { headers: { dpop } });
    const proof = await proofFor("/jwt/refresh", nonce);
    expect((await present(proof)).status).toBe(200);
    const again = await present(proof);
    expect([again.status, again.body]).toEqual([400, { error: "use_dpop_nonce", detail: "USE_DPOP_NONCE" }]);
    const elsewhere = await present(await proofFor("/jwt/login", nonce));
    expect([elsewhere.status, elsewhere.body]).toEqual([
      400,
      { error: "invalid_dpop_proof", detail: "INVALID_DPOP_PROOF" },
    ]);
    server.advance(1900);
    expect(detailOf(await present(await proofFor("/jwt/refresh", nonce)))).toBe("USE_DPOP_NONCE");
  });

  const proofFor = (path: string, nonce: string | null) =>
    createDpopProof(key, { method: "POST", url: `${ORIGIN}/v1/auth${path}`, nonce });

  it("is handed the current token again at any address: its key is the caller", async () => {
    const home = openBrowser(server, key, { address: "192.0.2.1" });
    await home.signIn();
    const before = copyOf(home.jar);
    await home.refresh();
    const abroad = openBrowser(server, key, { address: "198.51.100.7", jar: before });
    expect((await abroad.refresh()).kind).toBe("token");
    expect(abroad.jar.header(`${ORIGIN}/v1/auth`)).toBe(home.jar.header(`${ORIGIN}/v1/auth`));
    expect(types()).not.toContain("graceRepeatElsewhere");
  });

  it("begins through a backend of one's own that sends whole Request objects: nothing of them is lost, also the second time", async () => {
    let bodies: unknown[] = [];
    const own: Pick<Backend, "signIn"> = {
      async signIn({ username, password }, { fetch }) {
        const body = new URLSearchParams({ username, password });
        const headers = { "Auth-Transport": "body" };
        const answer = await fetch(new Request(`${ORIGIN}/v1/auth/jwt/login`, { method: "POST", headers, body }));
        bodies = [answer.status, await answer.json()];
        return { accessToken: "whatever" };
      },
    };
    const backend = bindSession(own as Backend, { loadKey: async () => key });
    const fetch: typeof globalThis.fetch = async (input, init) => server.app.fetch(new Request(input, init));
    await backend.signIn(CREDENTIALS, { fetch, signal: new AbortController().signal });
    expect(bodies).toEqual([200, expect.objectContaining({ refresh_token: expect.any(String) })]);
    const [, { access_token: bearer }] = bodies as [number, { access_token: string }];
    expect((await openPage(server).send("GET", "/sessions", { bearer })).body).toMatchObject([{ bound: true }]);
  });

  it("is shown as bound in the list of sessions, and one of an unbound client as not", async () => {
    const { accessToken } = await openBrowser(server, key).signIn();
    await openBrowser(server, null).signIn();
    const list = await openPage(server).send("GET", "/sessions", { bearer: accessToken });
    expect((list.body as { bound: boolean }[]).map(({ bound }) => bound)).toEqual([false, true]);
  });

  it("stays bound through a password change", async () => {
    const owner = openBrowser(server, key);
    const { accessToken: bearer } = await owner.signIn();
    const json = { password: "a new password", current_password: PASSWORD };
    const changed = await openPage(server).send("PATCH", "/users/me", { bearer, json });
    const list = await openPage(server).send("GET", "/sessions", { bearer: tokenOf(changed).access_token });
    expect(list.body).toMatchObject([{ bound: true }]);
  });

  it("takes the page's own address behind a development proxy, and `publicUrl`'s behind any", async () => {
    await begin({ sessionBinding: "required", publicUrl: "https://app.example" });
    const page = openPage(server, { origin: "http://10.0.0.7:8080" });
    const signIn = async (nonce: string | null): Promise<Answer> => {
      const url = "https://app.example/v1/auth/jwt/login";
      const dpop = await createDpopProof(key, { method: "POST", url, nonce });
      return page.send("POST", "/jwt/login", { form: CREDENTIALS, headers: { dpop, origin: "https://app.example" } });
    };
    const challenge = await signIn(null);
    expect((await signIn(challenge.headers.get("dpop-nonce"))).status).toBe(200);
  });

  it("does not begin where the server was told of no binding: proofs are not looked at then", async () => {
    await begin({});
    const browser = openBrowser(server, key);
    const { accessToken: bearer } = await browser.signIn();
    expect(browser.requests).toHaveLength(1);
    const list = await openPage(server).send("GET", "/sessions", { bearer });
    expect(list.body).toMatchObject([{ bound: false }]);
  });

  it("is asked of everybody where it is required: sign-ins without a key are refused, and say what to do", async () => {
    await begin({ sessionBinding: "required" });
    await expect(openBrowser(server, null).signIn()).rejects.toMatchObject({
      serverCode: "SESSION_BINDING_REQUIRED",
      reason: expect.stringContaining("bindSession"),
    });
    for (const sender of [openPage(server), startProgram(server)])
      expect(await refusedSignIns(sender)).toEqual([403, 403]);
    const browser = openBrowser(server, key);
    await browser.signIn();
    expect((await browser.refresh()).kind).toBe("token");
  });

  it("begins also by a way of the app's own, and by a step-up: the fetch that such a way is given proves the key", async () => {
    await begin({ sessionBinding: "required" });
    const { fetch, backend } = openBrowser(server, key);
    const client = createAuthClient({ platform: { fetch }, backend });
    const byOwnWay = async (call: BackendCall): Promise<TokenAnswer> => {
      const answer = await call.fetch(`${ORIGIN}/v1/auth/jwt/login`, {
        method: "POST",
        body: new URLSearchParams(CREDENTIALS),
        signal: call.signal,
      });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      const { access_token, session } = (await answer.json()) as { access_token: string; session: { id: string } };
      return { accessToken: access_token, session };
    };
    const { subject } = unchallenged(await client.signInWith(byOwnWay));
    await client.refresh();
    expect(unchallenged(await client.stepUp(byOwnWay)).subject).toBe(subject);
    const list = await openPage(server).send("GET", "/sessions", { bearer: await client.getAccessToken() });
    expect(list.body).toMatchObject([{ bound: true }, { bound: true }]);
    client.dispose();
  });

  it("is begun by the answer to a challenge under the key that the password came with, and under no other", async () => {
    const secondFactor = { challenge: () => ({ methods: ["totp"] }), verify: () => true };
    await begin({ sessionBinding: "required", secondFactor });
    const owner = openBrowser(server, key);
    const pose = async (): Promise<SignInChallenge> => {
      const entered = await owner.backend.signIn(CREDENTIALS, owner.call);
      return isSignInChallenge(entered) ? entered : expect.fail("There was no challenge.");
    };
    const stolen = await pose();
    for (const [otherKey, refusal] of [
      [null, { serverCode: "SESSION_BINDING_REQUIRED" }],
      [await makeKey(), { code: "challengeExpired" }],
    ] as const) {
      const thief = openBrowser(server, otherKey);
      await expect(thief.backend.continueSignIn?.(stolen, "code", thief.call)).rejects.toMatchObject(refusal);
      expect(thief.jar.cookies()).toEqual([]);
    }
    await owner.backend.continueSignIn?.(await pose(), "code", owner.call);
    expect((await owner.refresh()).kind).toBe("token");
  });

  async function refusedSignIns(sender: Sender): Promise<number[]> {
    const [login, guest] = [
      await sender.send("POST", "/jwt/login", { form: CREDENTIALS }),
      await sender.send("POST", "/guest"),
    ];
    return [login.status, guest.status];
  }

  it("ends where the option is taken away again, since no proof is looked at then and a copy would do", async () => {
    const store = memoryStore();
    await begin({ sessionBinding: "optional", store });
    const browser = openBrowser(server, key);
    await browser.signIn();
    server = createTestServer({ store });
    const later = openBrowser(server, key, { jar: browser.jar });
    expect(await later.refresh()).toEqual({ kind: "ended", reason: "expired", namesRefreshToken: true });
    expect(types()).toContain("proofRefused");
  });

  it("is refused at start-up under another word", () => {
    expect(() => createTestServer({ sessionBinding: "always" as "required" })).toThrow("`sessionBinding`");
  });
});
