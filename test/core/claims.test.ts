import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseClaims } from "../../src/core/claims.ts";
import { readIdentity } from "../../src/core/token.ts";
import { readLifetimeMs } from "../../src/core/lifetime.ts";

const encode = (bytes: Uint8Array | string): string => Buffer.from(bytes as string).toString("base64url");
const jwt = (payload: unknown): string =>
  `${encode('{"alg":"HS256"}')}.${encode(JSON.stringify(payload))}.c2lnbmF0dXJl`;

describe("parseClaims", () => {
  // B075 https://github.com/auth0/node-jsonwebtoken/issues/329
  it.each(
    [
      "koľ",
      "okoľ",
      "刘佳",
      "👩‍🚀",
      "??>>",
      "ÿ~ÿ~",
      "",
      "a",
      "ab",
      "abc",
      "abcd",
      "ß".repeat(33),
      "\u0000",
      "é\u0301",
    ].flatMap((name) => ["", "x", "xy", "xyz"].map((pad) => ({ name, pad }))),
  )("reads $name, whatever the length leaves over ($pad)", (claims) => {
    expect(parseClaims(jwt({ sub: "1", ...claims }))?.shown).toEqual({ sub: "1", ...claims });
  });

  // B078 https://github.com/SandeepVashishtha/Eventra/issues/8783
  it("reads any JSON object from base64url", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (payload) => {
        // Through JSON first: it knows no -0.
        const {
          exp: _e,
          iat: _i,
          nbf: _n,
          jti: _j,
          ...rest
        } = JSON.parse(JSON.stringify(payload)) as Record<string, unknown>;
        expect(JSON.stringify(parseClaims(jwt(payload))?.shown)).toBe(JSON.stringify(rest));
      }),
      { numRuns: 3_000 },
    );
  });

  it("reads a payload with every one of the two characters that base64url has of its own", () => {
    const payload = { sub: "1", avatar: "??>>~~ÿÿþþ" };
    expect(encode(JSON.stringify(payload))).toMatch(/[-_]/);
    expect(parseClaims(jwt(payload))?.shown).toEqual(payload);
  });

  // B076 https://github.com/SandeepVashishtha/Eventra/issues/16896
  it.each([
    ["slashes", "////"],
    ["an empty segment", ""],
    ["null", "bnVsbA"],
    ["a string", "IjEi"],
    ["a number", "MQ"],
    ["an array", "W10"],
    ["a broken UTF-8 sequence", encode(new Uint8Array([0xc3, 0x28]))],
    ["a lone surrogate's bytes", encode(new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80]))],
    ["half an object", encode('{"sub":')],
    ["a length that base64 never has", "abcde"],
    ["characters of another alphabet", "é%&"],
  ])("takes a token with %s for an opaque one", (_name, segment) => {
    expect(parseClaims(`e30.${segment}.x`)).toBe(null);
  });

  it.each(["", ".", "..", "...", "opaque", "a b c", "ssr1.k.x", "\u0000", "é", "a".repeat(100_000)])(
    "never throws, whatever it is given: %.20s",
    (token) => {
      expect(() => parseClaims(token)).not.toThrow();
    },
  );

  it("never throws on any text at all", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(fc.string({ unit: "binary" })).map((parts) => parts.join(".")),
        ),
        (text) => {
          parseClaims(text);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("reads an object without claims as a token that says nothing", () => {
    expect(parseClaims("e30.e30.x")).toEqual({
      subject: null,
      sessionId: null,
      isGuest: null,
      issuedAt: null,
      expiresAt: null,
      shown: {},
    });
  });

  it.each([
    ["a text", "ada", "ada"],
    ["a number", 42, "42"],
    ["zero", 0, "0"],
    ["an empty text", "", null],
    ["null", null, null],
    ["an object", {}, null],
    ["true", true, null],
    ["nothing", undefined, null],
  ])("reads a subject that is %s", (_name, sub, expected) => {
    expect(parseClaims(jwt({ sub }))?.subject).toBe(expected);
  });

  it("shows no claim that changes at every renewal", () => {
    const claims = { sub: "1", aud: ["a", "b"], role: "admin" };
    expect(parseClaims(jwt({ ...claims, exp: 2, iat: 1, nbf: 1, jti: "x" }))?.shown).toEqual(claims);
  });

  it.each([
    [{ is_guest: true }, true],
    [{ is_guest: false }, false],
    [{ is_guest: "true" }, null],
    [{ is_guest: 1 }, null],
    [{}, null],
  ])("reads whether %o is a guest", (claims, expected) => {
    expect(parseClaims(jwt(claims))?.isGuest).toBe(expected);
  });

  // B227 https://github.com/auth0/angular2-jwt/issues/272
  it.each([
    [1_900_000_000, 1_900_000_000],
    [1_900_000_000_000, 1_900_000_000],
    [1_900_000_000.5, 1_900_000_000.5],
    [99_999_999_999, 99_999_999_999],
    [100_000_000_000, 100_000_000],
    [0, 0],
    // T02
    ["1900000000", 1_900_000_000],
    ["soon", null],
    [null, null],
    [{}, null],
    [true, null],
  ])("reads the moment %o as %o seconds", (moment, expected) => {
    expect(parseClaims(jwt({ exp: moment, iat: moment }))).toMatchObject({ expiresAt: expected, issuedAt: expected });
  });

  // B227 https://github.com/auth0/angular2-jwt/issues/272
  it.each([
    ["with iat", { iat: 1_900_000_000_000, exp: 1_900_000_060_000 }],
    ["iat in seconds", { iat: 1_900_000_000, exp: 1_900_000_060_000 }],
    ["without iat", { exp: 1_900_000_060_000 }],
  ])("gives a token whose end is in milliseconds its minute, %s", (_name, claims) => {
    expect(readLifetimeMs(null, parseClaims(jwt(claims)), null, 1_900_000_000_000)).toBe(60_000);
  });
});

describe("readIdentity", () => {
  const answer = { subject: "answered", sessionId: "answered session", isGuest: true };

  it("believes the claims first, then the answer", () => {
    const claims = parseClaims(jwt({ sub: "ada", is_guest: false, sid: "s1" }));
    expect(readIdentity(claims, answer)).toMatchObject({ subject: "ada", isGuest: false });
    expect(readIdentity(null, answer)).toEqual({
      subject: "answered",
      isGuest: true,
      sessionId: "answered session",
      claims: null,
    });
  });

  it("is nobody when nothing names a subject", () => {
    expect(readIdentity(parseClaims(jwt({ exp: 1 })), { subject: null, sessionId: null, isGuest: null })).toBe(null);
  });

  it("is no guest unless something says so", () => {
    expect(
      readIdentity(parseClaims(jwt({ sub: "a" })), { subject: null, sessionId: null, isGuest: null })?.isGuest,
    ).toBe(false);
  });
});
