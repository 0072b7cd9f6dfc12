import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { AccessTokenError } from "../../src/server/accessTokenError.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { requireUser } from "../../src/server/requireUser.ts";
import { openPage, type TokenFields, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, type TestServer } from "./support/testServer.ts";

const SECRET = "a secret of at least thirty-two bytes";
const secretKey = new TextEncoder().encode(SECRET);

async function privateJwk(algorithm: "ES256" | "EdDSA"): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return exportJWK(privateKey);
}

async function guestToken(server: TestServer): Promise<TokenFields> {
  return tokenOf(await openPage(server).send("POST", "/guest"));
}

const codeOf = (server: Pick<TestServer, "verifyAccessToken">, token: string) =>
  server.verifyAccessToken(token).then(
    () => "good",
    (error: unknown) => (error instanceof AccessTokenError ? error.code : error),
  );

describe("an access token", () => {
  it("carries the claims of the protocol, under the server's own type and key", async () => {
    const server = createTestServer({ issuer: "https://auth.example" });
    const { token } = await openSignedInPage(server);
    const header = decodeProtectedHeader(token.access_token);
    expect(header).toMatchObject({ alg: "HS256", typ: "at+jwt" });
    const claims = decodeJwt(token.access_token);
    const issuedAt = server.now() / 1000;
    expect(claims).toMatchObject({
      sub: token.subject,
      sid: token.session.id,
      aud: "fastapi-users:auth",
      iss: "https://auth.example",
      iat: issuedAt,
      exp: issuedAt + 900,
    });
    expect(claims.jti).toMatch(/^.{16}$/);
    expect(claims).not.toHaveProperty("is_guest");
    expect(decodeJwt((await guestToken(server)).access_token)).toMatchObject({ is_guest: true });
  });

  it("can be checked by a backend that shares the secret", async () => {
    const server = createTestServer();
    const { access_token: token } = await guestToken(server);
    const { payload } = await jwtVerify(token, secretKey, {
      audience: "fastapi-users:auth",
      currentDate: new Date(server.now()),
    });
    expect(payload.sub).toBeDefined();
  });

  it("is good until five seconds after it has expired", async () => {
    const server = createTestServer();
    const { access_token: token } = await guestToken(server);
    server.advance(904);
    expect(await codeOf(server, token)).toBe("good");
    server.advance(1);
    expect(await codeOf(server, token)).toBe("TOKEN_EXPIRED");
  });

  // B032 https://github.com/authts/oidc-client-ts/issues/644
  it("does not outlive its session", async () => {
    const server = createTestServer({ sessionLifetimeSeconds: 1000 });
    const { page } = await openSignedInPage(server);
    server.advance(800);
    const token = tokenOf(await refresh(page));
    expect(token.expires_in).toBe(200);
    const { iat = 0, exp = 0 } = decodeJwt(token.access_token);
    expect(exp - iat).toBe(200);
  });

  it.each<[string, (claims: SignJWT) => SignJWT, string]>([
    ["without `exp`", (jwt) => jwt, "TOKEN_INVALID"],
    ["that lives for more than a day", (jwt) => jwt.setExpirationTime("2 days"), "TOKEN_INVALID"],
    // X09
    ["from the future", (jwt) => jwt.setIssuedAt("1 hour").setExpirationTime("24 hours"), "TOKEN_INVALID"],
    [
      "from a little further in the future than clocks differ",
      (jwt) => jwt.setIssuedAt("6 s").setExpirationTime("5 min"),
      "TOKEN_INVALID",
    ],
    ["for another audience", (jwt) => jwt.setExpirationTime("5 min").setAudience("other"), "TOKEN_INVALID"],
    ["of another issuer", (jwt) => jwt.setExpirationTime("5 min").setIssuer("https://evil.example"), "TOKEN_INVALID"],
    ["without subject", (jwt) => jwt.setExpirationTime("5 min").setSubject(""), "TOKEN_INVALID"],
    ["that is all right", (jwt) => jwt.setExpirationTime("5 min"), "good"],
  ])("%s is judged as it should be, though its signature is right", async (_, change, verdict) => {
    const server = createAuthServer({
      store: memoryStore(),
      accessTokenSecret: SECRET,
      issuer: "https://auth.example",
    });
    const jwt = new SignJWT({ sid: "x" })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
      .setIssuedAt()
      .setSubject("ada")
      .setAudience("fastapi-users:auth")
      .setIssuer("https://auth.example");
    expect(await codeOf(server, await change(jwt).sign(secretKey))).toBe(verdict);
  });

  it("is not believed under another algorithm, another key or a key that it brings itself", async () => {
    const server = createTestServer();
    const { access_token: token } = await guestToken(server);
    const [, payload = "", signature = ""] = token.split(".");
    const { kid } = decodeProtectedHeader(token);
    const encode = (header: object) => Buffer.from(JSON.stringify(header)).toString("base64url");
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const claims = () => new SignJWT({ ...decodeJwt(token) });
    const forged = [
      `${encode({ alg: "none", typ: "at+jwt", kid })}.${payload}.`,
      `${encode({ alg: "HS512", typ: "at+jwt", kid })}.${payload}.${signature}`,
      await claims().setProtectedHeader({ alg: "ES256", typ: "at+jwt", jwk }).sign(privateKey),
      await claims()
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: kid ?? "", jku: "https://evil.example" })
        .sign(privateKey),
      await claims()
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
        .sign(new TextEncoder().encode("y".repeat(32))),
      `${token}x`,
      token.slice(0, -1),
      "",
      "..",
      "not a token",
    ];
    for (const each of forged) expect(await codeOf(server, each)).toBe("TOKEN_INVALID");
  });
});

describe("a token that names somebody else's session", () => {
  it("opens nothing under the prefix, though its signature is right", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const eve = tokenOf(await openPage(server).send("POST", "/guest"));
    const claims = { ...decodeJwt(token.access_token), sub: eve.subject };
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "at+jwt" }).sign(secretKey);
    expect((await server.verifyAccessToken(forged)).subject).toBe(eve.subject);
    expect((await page.send("GET", "/users/me", { bearer: forged })).status).toBe(401);
  });
});

describe("a token of another kind under the same secret", () => {
  it.each(["JWT", "id_token+jwt", undefined])("is no access token: typ %s", async (typ) => {
    const server = createAuthServer({ store: memoryStore(), accessTokenSecret: SECRET });
    const jwt = new SignJWT({})
      .setIssuedAt()
      .setSubject("ada")
      .setAudience("fastapi-users:auth")
      .setExpirationTime("5 min");
    const signed = jwt.setProtectedHeader({ alg: "HS256", ...(typ !== undefined && { typ }) });
    expect(await codeOf(server, await signed.sign(secretKey))).toBe("TOKEN_INVALID");
  });
});

describe("a ring of secrets", () => {
  it("signs with the first and believes all, so that no one is signed out when they rotate", async () => {
    const now = Date.now();
    const store = memoryStore({ now: () => now });
    const newer = "a newer secret of at least thirty-two bytes";
    const before = createTestServer({ store });
    const { page, token } = await openSignedInPage(before);
    const rotating = createTestServer({ store, accessTokenSecret: [newer, SECRET] });
    expect(await codeOf(rotating, token.access_token)).toBe("good");
    const refreshed = tokenOf(await refresh(openPage(rotating, { jar: page.jar })));
    const after = createTestServer({ store, accessTokenSecret: newer });
    expect(await codeOf(after, refreshed.access_token)).toBe("good");
    expect(await codeOf(after, token.access_token)).toBe("TOKEN_INVALID");
    expect((await refresh(openPage(after, { jar: page.jar }))).status).toBe(200);
  });

  it("drops a key that leaked at once", async () => {
    const before = createTestServer();
    const { access_token: token } = await guestToken(before);
    const { kid = "" } = decodeProtectedHeader(token);
    const after = createTestServer({
      accessTokenSecret: [SECRET, "a newer secret of at least thirty-two bytes"],
      revokedKeys: [kid],
    });
    expect(await codeOf(after, token)).toBe("TOKEN_INVALID");
    expect(decodeProtectedHeader((await guestToken(after)).access_token).kid).not.toBe(kid);
  });

  it("of refresh tokens rotates without signing anyone out", async () => {
    const now = Date.now();
    const store = memoryStore({ now: () => now });
    const [older, newer] = ["o".repeat(32), "n".repeat(32)];
    const { page } = await openSignedInPage(createTestServer({ store, refreshTokenKeys: older }));
    const onServerWith = (refreshTokenKeys: string[]) =>
      refresh(openPage(createTestServer({ store, refreshTokenKeys }), { jar: page.jar }));
    expect((await onServerWith([older, newer])).status).toBe(200);
    expect((await onServerWith([newer, older])).status).toBe(200);
    expect((await onServerWith([newer])).status).toBe(200);
    expect((await onServerWith([older])).status).toBe(401);
  });
});

describe.each(["ES256", "EdDSA"] as const)("a ring of %s keys", (algorithm) => {
  const refreshTokenKeys = "r".repeat(32);

  it("is published without its private parts, and signs what anybody can check", async () => {
    const server = createTestServer({
      accessTokenSecret: undefined,
      accessTokenKeys: [{ privateKey: await privateJwk(algorithm) }],
      refreshTokenKeys,
    });
    const { access_token: token } = await guestToken(server);
    expect(await codeOf(server, token)).toBe("good");
    const response = await openPage(server).send("GET", "/.well-known/jwks.json");
    const { keys } = response.body as { keys: JWK[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ alg: algorithm, use: "sig", kid: decodeProtectedHeader(token).kid });
    expect(keys[0]).not.toHaveProperty("d");
    const { payload } = await jwtVerify(token, await importJWK(keys[0] ?? {}, algorithm), {
      currentDate: new Date(server.now()),
    });
    expect(payload.sub).toBeDefined();
  });

  it("publishes a new key ten minutes before it signs, and the old one until its last token has expired", async () => {
    const [oldKey, newKey] = [await privateJwk(algorithm), await privateJwk(algorithm)];
    const start = Date.parse("2026-11-25T12:00:00Z");
    const server = createTestServer({
      accessTokenSecret: undefined,
      accessTokenKeys: [
        { privateKey: { ...newKey, kid: "new" }, publishedAt: new Date(start) },
        { privateKey: { ...oldKey, kid: "old" } },
      ],
      refreshTokenKeys,
    });
    const page = openPage(server);
    const look = async () => {
      const { body } = await page.send("GET", "/.well-known/jwks.json");
      const { access_token: token } = await guestToken(server);
      return {
        signs: decodeProtectedHeader(token).kid,
        published: (body as { keys: JWK[] }).keys.map(({ kid }) => kid),
        token,
      };
    };
    const first = await look();
    expect(first).toMatchObject({ signs: "old", published: ["old", "new"] });
    server.advance(599);
    const lastOld = await look();
    expect(lastOld).toMatchObject({ signs: "old" });
    server.advance(1);
    expect(await look()).toMatchObject({ signs: "new", published: ["old", "new"] });
    server.advance(899);
    expect(await codeOf(server, lastOld.token)).toBe("good");
    server.advance(6);
    expect(await look()).toMatchObject({ signs: "new", published: ["new"] });
    expect(await codeOf(server, lastOld.token)).toBe("TOKEN_INVALID");
  });
});

describe("key options that make no sense", () => {
  it.each<[string, Partial<AuthServerOptions>, string]>([
    [
      "a secret of 31 bytes",
      { accessTokenSecret: "x".repeat(31) },
      "at least 32 bytes: `openssl rand -base64 32` makes one",
    ],
    ["no secret", { accessTokenSecret: undefined }, "required"],
    ["an empty ring", { accessTokenSecret: [] }, "at least one"],
    ["short refresh keys", { refreshTokenKeys: ["short"] }, "refreshTokenKeys"],
    ["an empty key ring", { accessTokenSecret: undefined, accessTokenKeys: [] }, "at least one"],
    [
      "a symmetric key in the ring",
      { accessTokenSecret: undefined, accessTokenKeys: [{ privateKey: { kty: "oct", k: "AA" } }] },
      "P-256",
    ],
    ["both kinds", { accessTokenKeys: [{ privateKey: { kty: "oct", k: "AA" } }] }, "not both"],
    ["tokens that live for two days", { accessTokenLifetimeSeconds: 172_800 }, "accessTokenLifetimeSeconds"],
    ["no lifetime", { refreshTokenLifetimeSeconds: 0 }, "refreshTokenLifetimeSeconds"],
    ["a public address that is none", { publicUrl: "app.example" }, "publicUrl"],
    ["plain http in public", { publicUrl: "http://app.example" }, "publicUrl"],
    ["a prefix that is no path", { prefix: "auth" }, "prefix"],
    ["a proxy that is no address", { trustedProxies: ["10.0.0.0/40"] }, "trustedProxies"],
    ["an issuer with a space", { issuer: "a b" }, "issuer"],
  ])("are refused at start-up: %s", (_, options, word) => {
    const all = { store: memoryStore(), accessTokenSecret: "x".repeat(32), ...options };
    expect(() => createAuthServer(all)).toThrow(word);
  });

  it("are stricter in production", () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = "production";
    try {
      const start = (options: Partial<AuthServerOptions>) => () =>
        createAuthServer({ store: memoryStore(), accessTokenSecret: SECRET, ...options });
      expect(start({})).toThrow("publicUrl");
      const publicUrl = "https://app.example";
      expect(start({ publicUrl, accessTokenSecret: "x".repeat(32) })).toThrow("placeholder");
      expect(start({ publicUrl })).not.toThrow();
    } finally {
      process.env.NODE_ENV = before;
    }
  });
});

describe("an application's own route", () => {
  async function createApplication(options: Parameters<typeof requireUser>[1] = {}) {
    const server = createTestServer();
    const app = new Hono();
    app.get("/me", requireUser(server, options), (context) => context.json(context.var.user.subject));
    const ask = (token?: string) =>
      app.request("/me", { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    return { server, ask, signedIn: await openSignedInPage(server) };
  }

  it("knows who asks, and turns everybody else away as RFC 6750 says", async () => {
    const { ask, signedIn } = await createApplication();
    const welcome = await ask(signedIn.token.access_token);
    expect(await welcome.json()).toBe(signedIn.token.subject);
    const anonymous = await ask();
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const wrong = await ask("wrong");
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  it("sees the end of a session at once with `checkSession`, and when the token expires without it", async () => {
    for (const checkSession of [true, false]) {
      const { ask, signedIn } = await createApplication({ checkSession });
      const { page, token } = signedIn;
      await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
      expect((await ask(token.access_token)).status).toBe(checkSession ? 401 : 200);
    }
  });

  it("can be closed to guests", async () => {
    const { server, ask } = await createApplication({ allowGuests: false });
    expect((await ask((await guestToken(server)).access_token)).status).toBe(403);
  });
});
