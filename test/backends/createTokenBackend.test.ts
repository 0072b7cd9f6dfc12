import { describe, expect, it } from "vitest";
import { createTokenBackend } from "../../src/core/createTokenBackend.ts";
import type { BackendCall } from "../../src/core/backend.ts";
import type { TokenBackendOptions, TokenFields } from "../../src/core/tokenBackend/tokenBackendOptions.ts";
import { createMapStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { createSimulatedClock } from "../../src/testing.ts";
import { makeJwt } from "./support/jwt.ts";
import { unchallenged } from "../support/unchallenged.ts";

const clock = createSimulatedClock({ startAt: Date.UTC(2026, 10, 28) });
const platform = { clock, random: Math.random, openChannel: undefined, storages: {} };
const ada = { username: "ada", password: "correct horse" };

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly credentials: string | undefined;
}

/** A server that gives these answers in turn, and keeps what it was asked. */
function answering(...answers: Array<Response | (() => Promise<Response>)>) {
  const sent: Sent[] = [];
  const call: BackendCall = {
    signal: new AbortController().signal,
    async fetch(input, init = {}) {
      const [url, method] = [input as string, init.method ?? "GET"];
      const body = (init.body ?? null) as string | URLSearchParams | null;
      sent.push({
        url,
        method,
        headers: new Headers(init.headers),
        body: body?.toString() ?? null,
        credentials: init.credentials,
      });
      const answer = answers.shift();
      if (answer === undefined) throw new TypeError("No more answers.");
      return typeof answer === "function" ? answer() : answer;
    },
  };
  return { call, sent };
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

function describeApi(changes: Partial<TokenBackendOptions> = {}) {
  return createTokenBackend({
    baseUrl: "https://api.example/auth",
    signIn: ({ username, password }) => ({ path: "login", json: { username, password } }),
    refresh: (refreshToken) => ({ path: "refresh", json: { refreshToken } }),
    tokens: ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh, subject: "ada" }),
    refreshToken: createMapStore(),
    platform,
    ...changes,
  });
}

describe("what a description sends", () => {
  it("is JSON, a form or neither, by any method, with the headers of all calls and its own", async () => {
    const { call, sent } = answering(json({ access: "a", refresh: "r" }), json({ access: "b" }), json({ access: "c" }));
    const store = createMapStore();
    const options = { refreshToken: store, headers: () => ({ "X-Tenant": "north" }) };
    await describeApi(options).signIn(ada, call);
    await describeApi({ ...options, refresh: (token) => ({ path: "/renew", method: "put", form: { token } }) }).refresh(
      call,
    );
    await describeApi({
      ...options,
      refresh: (token) => ({ path: "https://other.example/t", method: "GET", headers: { "X-Refresh": token ?? "" } }),
    }).refresh(call);
    expect(sent.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      'POST https://api.example/auth/login {"username":"ada","password":"correct horse"}',
      "PUT https://api.example/auth/renew token=r",
      "GET https://other.example/t null",
    ]);
    expect(sent.map(({ headers }) => headers.get("X-Tenant"))).toEqual(["north", "north", "north"]);
    expect(sent[2]?.headers.get("X-Refresh")).toBe("r");
  });

  it("takes cookies along where a cookie carries a token, and not otherwise", async () => {
    const { call, sent } = answering(json({ access: "a", refresh: "r" }), json({ access: "a" }), json({}));
    await describeApi().signIn(ada, call);
    await describeApi({ refreshToken: "cookie" }).signIn(ada, call);
    await describeApi({ refreshToken: "cookie", tokens: "cookie" }).signIn(ada, call);
    expect(sent.map(({ credentials }) => credentials)).toEqual(["same-origin", "include", "include"]);
  });
});

// Q02
describe("the endpoints of a session", () => {
  it("are known before the first call, and none of them is who one is", () => {
    const signOut = ({ refreshToken }: { refreshToken: string | null }) => ({ path: `logout?token=${refreshToken}` });
    expect(describeApi({ user: { path: "me" }, guest: () => ({ path: "/guest/" }), signOut }).sessionEndpoints).toEqual(
      [
        "https://api.example/auth/login",
        "https://api.example/auth/refresh",
        "https://api.example/auth/logout?token=null",
        "https://api.example/auth/guest/",
      ],
    );
  });

  it("are known at the latest once they were called, whatever a description does with its credentials", async () => {
    const { call } = answering(json({ access: "a", refresh: "r" }));
    const signIn = (credentials: object) => ({ path: Object.keys(credentials).length === 2 ? "login" : broken() });
    const backend = describeApi({ signIn });
    expect(backend.sessionEndpoints).not.toContain("https://api.example/auth/login");
    await backend.signIn(ada, call);
    expect(backend.sessionEndpoints).toContain("https://api.example/auth/login");
  });

  const broken = (): never => {
    throw new TypeError("No credentials.");
  };
});

// T03
describe("the lifetime of a token", () => {
  const now = clock.now();
  const lifetimeOf = async (fields: Partial<TokenFields>, access = "opaque", headers = {}) => {
    const { call } = answering(json({ access, refresh: "r" }, 200, headers));
    const tokens = () => ({ accessToken: access, refreshToken: "r", subject: "ada", ...fields });
    return unchallenged(await describeApi({ tokens }).signIn(ada, call)).expiresInSeconds;
  };

  it.each<[string, Partial<TokenFields>]>([
    ["expiresIn, seconds", { expiresIn: 900 }],
    ["expiresIn, seconds as text", { expiresIn: "900" }],
    ["expiresIn, a span in minutes", { expiresIn: "15m" }],
    ["expiresIn, a span in milliseconds", { expiresIn: "900000ms" }],
    ["expiresIn, which is a moment in milliseconds", { expiresIn: now + 900_000 }],
    ["expiresIn, which is ISO text", { expiresIn: new Date(now + 900_000).toISOString() }],
    ["expiresAt, seconds", { expiresAt: now / 1000 + 900 }],
    ["expiresAt, milliseconds", { expiresAt: now + 900_000 }],
    ["expiresAt, milliseconds as text", { expiresAt: String(now + 900_000) }],
    ["expiresAt, ISO text", { expiresAt: new Date(now + 900_000).toISOString() }],
    ["expiresAt, ISO text of another zone", { expiresAt: "2026-11-27T18:15:00-06:00" }],
    ["expiresAt, a Date", { expiresAt: new Date(now + 900_000) }],
  ])("is read from %s", async (_, fields) => {
    expect(await lifetimeOf(fields)).toBeCloseTo(900, 3);
  });

  it("is measured by the server's own clock where the answer tells it", async () => {
    const headers = { Date: new Date(now + 3_600_000).toUTCString() };
    expect(await lifetimeOf({ expiresAt: now + 3_600_000 + 900_000 }, "opaque", headers)).toBeCloseTo(900, 3);
  });

  it("is left to the token where its own claims tell it better", async () => {
    const access = makeJwt({ sub: "ada", iat: now / 1000 - 7_200, exp: now / 1000 - 6_300 });
    // The server's clock is two hours behind: by the moment this token would have ended before it came.
    expect(await lifetimeOf({ expiresAt: (now - 6_300_000) / 1000 }, access)).toBeNull();
    // Milliseconds in a field that elsewhere means seconds.
    expect(await lifetimeOf({ expiresIn: 900_000 }, access)).toBeNull();
  });

  it.each([undefined, null, "", 0, -5])("is not known by %j", async (expiresIn) => {
    expect(await lifetimeOf({ expiresIn })).toBeNull();
  });

  it.each(["soon", Number.NaN, {} as never])(
    "that nobody can read (%j) is an error that names the field",
    async (expiresIn) => {
      await expect(lifetimeOf({ expiresIn })).rejects.toMatchObject({
        code: "badResponse",
        message: expect.stringContaining("`expiresIn`"),
      });
    },
  );

  it("is refused by the name of its own field where it is the session's", async () => {
    await expect(lifetimeOf({ expiresIn: 900, sessionEndsIn: "soon" })).rejects.toMatchObject({
      code: "badResponse",
      message: expect.stringContaining("`sessionEndsIn`"),
    });
  });
});

describe("a misdescription", () => {
  const secret = "s3cr3t-value";
  const failing = async (changes: Partial<TokenBackendOptions>, answer: Response) => {
    const { call } = answering(answer);
    const error: unknown = await describeApi(changes)
      .signIn(ada, call)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const { message, code } = error as { message: string; code: string };
    expect(`${message} ${JSON.stringify(error)}`).not.toContain(secret);
    return `${code}: ${message}`;
  };

  it("says which field is missing, what the answer has, and what it may have been", async () => {
    const body = { data: { access_token: secret, refresh_token: secret, expires: 900_000 } };
    expect(await failing({}, json(body))).toBe(
      "badResponse: `tokens` found no `accessToken`; did you mean `body.data.access_token`? " +
        "(POST login, status 200: the answer has `data.access_token`, `data.refresh_token`, `data.expires`).",
    );
  });

  it("tells no name that is data", async () => {
    const body = { "ada@example.org": { token: secret }, [secret.repeat(9)]: 1, user: {} };
    const told = await failing({}, json(body));
    expect(told).toContain("the answer has `user`");
    expect(told).not.toContain("ada@example.org");
  });

  it("that throws, or spells a field otherwise, is told by what it is", async () => {
    const body = { access: secret, refresh: secret };
    expect(await failing({ tokens: ({ data }) => data.token }, json(body))).toMatch(
      /`tokens` could not read the answer/,
    );
    const misspelled = (({ access }: { access: string }) => ({ access_token: access })) as never;
    expect(await failing({ tokens: misspelled }, json(body))).toContain("by the `access_token` that it returns");
    expect(await failing({ tokens: (() => undefined) as never }, json(body))).toContain("must return an object");
  });

  it("of something that is no JSON says what came instead", async () => {
    const page = new Response("<h1>Welcome</h1>", { headers: { "Content-Type": "text/html; charset=utf-8" } });
    expect(await failing({}, page)).toContain("the answer is text/html, not JSON");
  });

  it("of the claim that names the subject tells the claims that there are", async () => {
    const access = makeJwt({ user_id: 42, exp: 4e9 });
    const tokens = ({ refresh }: { refresh: string }) => ({ accessToken: access, refreshToken: refresh });
    expect(await failing({ subject: "uid", tokens }, json({ access, refresh: secret }))).toContain("it has `user_id`");
  });

  it("without a refresh token, or without a place for it, says which of them is missing", async () => {
    expect(await failing({}, json({ access: secret }))).toContain("`refreshToken`");
    expect(await failing({ refreshToken: undefined }, json({ access: secret, refresh: secret }))).toContain(
      "where to keep it",
    );
  });

  it("of an option, of a call or of the place is an error at once, with the nearest name", () => {
    const broken = (changes: object) => () => describeApi(changes as never);
    expect(broken({ baseURL: "/api" })).toThrow("Did you mean `baseUrl`?");
    expect(broken({ token: () => ({}) })).toThrow("Did you mean `tokens`?");
    expect(broken({ refreshToken: "local" })).toThrow("`refreshToken` must be");
    expect(broken({ signIn: undefined })).toThrow("needs `signIn`");
  });

  it("of a call names what it may hold", async () => {
    const signIn = () => ({ path: "login", body: {} });
    expect(await failing({ signIn: signIn as never }, json({}))).toMatch(/What `signIn` returns has no `body`/);
  });

  it("of the user names the fields of the answer", async () => {
    const { call } = answering(
      json({ data: { id: secret } }),
      json({ pk: 7, email: "ada@example.org" }),
      json({ _id: "x" }),
    );
    const backend = describeApi({ user: { path: "me" } });
    const error = (await backend.fetchUser?.("a", call).catch((thrown: Error) => thrown)) as Error;
    expect(error.message).toContain("the answer has `data.id`");
    expect(error.message).not.toContain(secret);
    // B5
    expect(await backend.fetchUser?.("a", call)).toMatchObject({ id: "7", email: "ada@example.org" });
    expect(await backend.fetchUser?.("a", call)).toMatchObject({ id: "x" });
  });
});

describe("what an answer to a refresh means", () => {
  const outcomeOf = async (answer: Response, changes: Partial<TokenBackendOptions> = {}) => {
    const { call } = answering(json({ access: "a", refresh: "r" }), answer);
    const backend = describeApi(changes);
    await backend.signIn(ada, call);
    const outcome = await backend.refresh(call);
    return outcome.kind;
  };
  const html = (status: number) => new Response("<h1>No</h1>", { status, headers: { "Content-Type": "text/html" } });

  it.each<[string, Response, string]>([
    ["401 with JSON", json({ detail: "nope" }, 401), "ended"],
    ["401 without a body", new Response(null, { status: 401 }), "ended"],
    ["403 as `res.sendStatus(403)` sends it", new Response("Forbidden", { status: 403 }), "ended"],
    ["403 that speaks of the token", json({ message: "Invalid refresh token" }, 403), "ended"],
    ["400 invalid_grant", json({ error: "invalid_grant" }, 400), "ended"],
    ["400 that speaks of something else", json({ error: "invalid_request" }, 400), "transient"],
    ["403 of a CSRF check", json({ detail: "CSRF Failed: CSRF token missing." }, 403), "transient"],
    ["401 of a captive portal", html(401), "transient"],
    ["403 of a firewall", html(403), "transient"],
    ["404", json({}, 404), "transient"],
    ["429", json({}, 429), "transient"],
    ["503", html(503), "transient"],
    ["200 with a page", html(200), "transient"],
    ["200 with an empty token", json({ access: "" }), "transient"],
  ])("%s", async (_, answer, kind) => {
    expect(await outcomeOf(answer)).toBe(kind);
  });

  it("is what the description says, where it does", async () => {
    const refused = { refresh: (status: number, body: { code: string }) => status === 409 && body.code === "SPENT" };
    expect(await outcomeOf(json({ code: "SPENT" }, 409), { refused })).toBe("ended");
    expect(await outcomeOf(json({}, 401), { refused })).toBe("transient");
  });
});

describe("the refresh token", () => {
  it("is the same one without rotation, and the new one with it", async () => {
    const { call, sent } = answering(
      json({ access: "a", refresh: "r1" }),
      json({ access: "b" }),
      json({ access: "c", refresh: "r2" }),
      json({ access: "d" }),
    );
    const backend = describeApi();
    await backend.signIn(ada, call);
    for (let round = 0; round < 3; round += 1) await backend.refresh(call);
    expect(sent.slice(1).map(({ body }) => body)).toEqual(["r1", "r1", "r2"].map((r) => `{"refreshToken":"${r}"}`));
  });

  it("of an answer that nobody waits for any more is kept, and whoever asks next waits for the same answer", async () => {
    let answer: (response: Response) => void = () => {};
    const slow = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    const { call, sent } = answering(json({ access: "a", refresh: "r1" }), () => slow, json({ access: "c" }));
    const backend = describeApi();
    await backend.signIn(ada, call);
    const impatient = new AbortController();
    const first = backend.refresh({ ...call, signal: impatient.signal });
    await clock.settle();
    impatient.abort();
    await expect(first).rejects.toThrow();
    const second = backend.refresh(call);
    await clock.settle();
    answer(json({ access: "b", refresh: "r2" }));
    expect(await second).toMatchObject({ kind: "token", answer: { accessToken: "b" } });
    await backend.refresh(call);
    // Once with the first, once with the second: a server that rotates takes a second use of one for a theft.
    expect(sent.slice(1).map(({ body }) => body)).toEqual(['{"refreshToken":"r1"}', '{"refreshToken":"r2"}']);
  });

  // B3
  it("of another tab's late answer is not kept after a sign-out, nor after another sign-in, and is signed out at the server", async () => {
    for (const act of ["signOut", "signIn"] as const) {
      let answer: (response: Response) => void = () => {};
      const slow = new Promise<Response>((resolve) => {
        answer = resolve;
      });
      const store = createMapStore();
      const signOut = ({ refreshToken }: { refreshToken: string | null }) => ({
        path: "logout",
        json: { refreshToken },
      });
      const options = { refreshToken: store, signOut };
      const mine = answering(
        json({ access: "a", refresh: "r1" }),
        json(act === "signIn" ? { access: "n", refresh: "n1" } : {}),
      );
      const theirs = answering(() => slow, json({}), json({ access: "m", refresh: "n2" }));
      const { session } = unchallenged(await describeApi(options).signIn(ada, mine.call));
      const refreshing = describeApi(options).refresh(theirs.call);
      await clock.settle();
      if (act === "signIn") await describeApi(options).signIn(ada, mine.call);
      else
        await describeApi(options).signOut?.({ id: session?.id ?? "", number: session?.number ?? 0 }, "a", mine.call);
      answer(json({ access: "b", refresh: "r2" }));
      expect(await refreshing).toMatchObject(
        act === "signIn" ? { kind: "token", answer: { accessToken: "m" } } : { kind: "ended", reason: "none" },
      );
      await clock.settle();
      const told = theirs.sent.filter(({ url }) => url.endsWith("/logout")).map(({ body }) => body);
      expect(told).toEqual(['{"refreshToken":"r2"}']);
      const keys = ["refresh-token", "ended"].map((key) =>
        store.getItem(`stay-signed-in:https://api.example/auth:${key}`),
      );
      expect(JSON.stringify(keys)).not.toContain("r2");
    }
  });

  it("that an earlier version of the app kept is taken over once, and never after its session has ended", async () => {
    const store = createMapStore();
    const options = { refreshToken: store, adoptRefreshToken: () => "old", signOut: () => ({ path: "logout" }) };
    const { call, sent } = answering(json({ access: "a", refresh: "r1" }), json({}), json({}));
    expect(await describeApi(options).refresh(call)).toMatchObject({ kind: "token" });
    expect(sent[0]?.body).toBe('{"refreshToken":"old"}');
    await describeApi(options).signOut?.(null, null, call);
    expect(await describeApi(options).refresh(call)).toMatchObject({ kind: "ended", reason: "none" });
  });

  it("is let go of at a sign-out that the server cannot hear, and told of later, also after a reload", async () => {
    const store = createMapStore();
    const signOut = ({ refreshToken }: { refreshToken: string | null }) => ({ path: "logout", json: { refreshToken } });
    const options = { refreshToken: store, signOut };
    const { call, sent } = answering(json({ access: "a", refresh: "r1" }), json({}, 503), json({}));
    const { session } = unchallenged(await describeApi(options).signIn(ada, call));
    const name = { id: session?.id ?? "", number: session?.number ?? 0 };
    await expect(describeApi(options).signOut?.(name, "a", call)).rejects.toMatchObject({ status: 503 });
    const reloaded = describeApi(options);
    expect(await reloaded.refresh(call)).toMatchObject({ kind: "ended", reason: "none" });
    await reloaded.signOut?.(name, null, call);
    expect(sent.slice(1).map(({ body }) => body)).toEqual(['{"refreshToken":"r1"}', '{"refreshToken":"r1"}']);
  });

  it("of a later session is not touched by the sign-out of an earlier one", async () => {
    const { call, sent } = answering(
      json({ access: "a", refresh: "r1" }),
      json({ access: "b", refresh: "r2" }),
      json({ access: "c" }),
    );
    const backend = describeApi();
    const first = unchallenged(await backend.signIn(ada, call));
    const second = unchallenged(await backend.signIn(ada, call));
    await backend.signOut?.({ id: first.session?.id ?? "", number: 1 }, "a", call);
    expect(await backend.refresh(call)).toMatchObject({ kind: "token" });
    expect(sent[2]?.body).toBe('{"refreshToken":"r2"}');
    expect(second.session?.number).toBeGreaterThan(first.session?.number ?? Number.POSITIVE_INFINITY);
  });

  it("survives in memory where the storage takes nothing", async () => {
    const full = () => {
      throw new DOMException("Full.", "QuotaExceededError");
    };
    const { call } = answering(json({ access: "a", refresh: "r1" }), json({ access: "b" }));
    const backend = describeApi({ refreshToken: { getItem: full, setItem: full, removeItem: full } });
    await backend.signIn(ada, call);
    expect(await backend.refresh(call)).toMatchObject({ kind: "token" });
  });
});

describe("an access token in a cookie", () => {
  it("has another name after each answer, and whatever else the answer says", async () => {
    const { call, sent } = answering(json({ ttl: 300, me: { pk: 7 } }), json({ ttl: 300 }), json({ pk: 7 }));
    const backend = describeApi({
      refreshToken: "cookie",
      refresh: () => ({ path: "refresh" }),
      tokens: { cookie: ({ ttl, me }) => ({ expiresIn: ttl, user: me }) },
      user: { path: "me" },
    });
    expect(backend.tokens).toBe("cookie");
    const first = unchallenged(await backend.signIn(ada, call));
    const second = await backend.refresh(call);
    expect(first).toMatchObject({ subject: "7", expiresInSeconds: 300 });
    expect(second.kind === "token" && second.answer.accessToken).not.toBe(first.accessToken);
    expect(await backend.fetchUser?.(first.accessToken, call)).toMatchObject({ id: "7" });
    expect(sent.map(({ headers }) => headers.has("Authorization"))).toEqual([false, false, false]);
  });
});

// A03 https://github.com/okta/okta-auth-js/issues/376
describe("a challenge of an API", () => {
  const secondFactor: Partial<TokenBackendOptions> = {
    challenge: (body, status) => (status === 403 && body.mfa ? { methods: body.mfa.kinds } : null),
    continueSignIn: (body, response) => ({ path: "mfa", json: { ticket: body.mfa.ticket, code: response } }),
  };
  const posed = () => json({ mfa: { ticket: "t1", kinds: ["otp"] } }, 403);

  it("shows what the description reads of it, is answered with what it does not show, and keeps the tokens", async () => {
    const { call, sent } = answering(posed(), json({ access: "a", refresh: "r" }), json({ access: "b" }));
    const backend = describeApi(secondFactor);
    const challenge = await backend.signIn(ada, call);
    expect(JSON.stringify(challenge)).toBe('{"challenge":{"methods":["otp"]}}');
    expect(await backend.continueSignIn?.(challenge as never, "123456", call)).toMatchObject({ accessToken: "a" });
    await backend.refresh(call);
    expect(sent.slice(1).map(({ url, body }) => [url, body])).toEqual([
      ["https://api.example/auth/mfa", '{"ticket":"t1","code":"123456"}'],
      ["https://api.example/auth/refresh", '{"refreshToken":"r"}'],
    ]);
  });

  it.each([
    ["a wrong code", 401, "credentialsRejected"],
    ["one that has run out", 410, "challengeExpired"],
    ["too many", 429, "rateLimited"],
  ])("tells %s by its code", async (_name, status, code) => {
    const { call } = answering(posed(), json({}, status));
    const backend = describeApi(secondFactor);
    const challenge = await backend.signIn(ada, call);
    await expect(backend.continueSignIn?.(challenge as never, "0", call)).rejects.toMatchObject({ code });
  });

  it("is not looked for where the password is wrong", async () => {
    const { call } = answering(json({ detail: "no" }, 403));
    await expect(describeApi(secondFactor).signIn(ada, call)).rejects.toMatchObject({ code: "credentialsRejected" });
  });
});
