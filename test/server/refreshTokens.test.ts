import { describe, expect, it } from "vitest";
import type { Session } from "../../src/server/authStore.ts";
import { createSessionId } from "../../src/server/sessionId.ts";
import { encodeBase64url, randomBytes } from "../../src/server/encoding.ts";
import { createRefreshTokens, parseRefreshToken } from "../../src/server/refreshTokens.ts";

const key = randomBytes(32);
const tokensUnder = (issuer = "https://auth.example", ...keys: Uint8Array<ArrayBuffer>[]) =>
  createRefreshTokens(Promise.resolve(keys.length > 0 ? keys : [key]), issuer);

const session: Session = {
  id: createSessionId(),
  subjectId: "ada",
  number: 1,
  transport: "cookie",
  secret: encodeBase64url(randomBytes(32)),
  counter: 3,
  previous: 2,
  rotatedAt: 0,
  rotatedBy: "",
  boundKey: null,
  repeatedAt: 0,
  credentialVersion: 1,
  createdAt: 0,
  authenticatedAt: 0,
  lastRefreshedAt: 0,
  expiresAt: 0,
  absoluteExpiresAt: 0,
  endedAt: null,
  endReason: null,
  replaces: [],
  userAgent: null,
  clientName: null,
  method: "password",
  amr: ["pwd"],
  persistent: true,
};

async function parsed(text: string) {
  const token = parseRefreshToken(text);
  if (token === null) throw new Error("The token has another form.");
  return token;
}

describe("a refresh token", () => {
  it("is one and the same text for the same counter, and says its session and counter", async () => {
    const text = await tokensUnder().issue(session);
    expect(await tokensUnder().issue({ ...session, lastRefreshedAt: 5, subjectId: "other" })).toBe(text);
    expect(await tokensUnder().issue({ ...session, counter: 4 })).not.toBe(text);
    expect(text.length).toBeLessThan(128);
    expect(await parsed(text)).toMatchObject({ sessionId: session.id, counter: 3 });
  });

  it("carries the largest counter that there is room for", async () => {
    const counter = Number.MAX_SAFE_INTEGER - 1;
    expect(await parsed(await tokensUnder().issue({ ...session, counter }))).toMatchObject({ counter });
    expect(parseRefreshToken(await tokensUnder().issue({ ...session, counter: counter + 1 }))).toBeNull();
    expect(parseRefreshToken(await tokensUnder().issue({ ...session, counter: 0 }))).toBeNull();
  });

  it("is genuine for its own session, transport, row, issuer and key, and for no other", async () => {
    const token = await parsed(await tokensUnder().issue(session));
    expect(await tokensUnder().isGenuine(token, session)).toBe(true);
    for (const other of [
      { ...session, transport: "body" as const },
      { ...session, transport: "none" as const },
      { ...session, id: createSessionId() },
      { ...session, secret: encodeBase64url(randomBytes(32)) },
    ]) {
      expect(await tokensUnder().isGenuine(token, other)).toBe(false);
    }
    expect(await tokensUnder("https://other.example").isGenuine(token, session)).toBe(false);
    expect(await tokensUnder("https://auth.example", randomBytes(32)).isGenuine(token, session)).toBe(false);
    expect(await tokensUnder("https://auth.example", randomBytes(32), key).isGenuine(token, session)).toBe(true);
  });

  it("cannot be carried to another session or counter", async () => {
    const other = { ...session, id: createSessionId() };
    const token = await parsed(await tokensUnder().issue(session));
    const others = await parsed(await tokensUnder().issue(other));
    expect(await tokensUnder().isGenuine({ ...others, mac: token.mac }, other)).toBe(false);
    const next = await parsed(await tokensUnder().issue({ ...session, counter: 4 }));
    expect(await tokensUnder().isGenuine({ ...next, mac: token.mac }, session)).toBe(false);
  });
});
