import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareSessions, isSameSession, merge, type Session } from "../../src/core/session.ts";
import type { HeldToken } from "../../src/core/token.ts";
import { claimsOf, identityOf, sessionOf, tokenOf } from "./sessionOf.ts";

const isSpent = ({ rejected }: HeldToken): boolean => rejected;

// Few numbers, ids and moments, so that two draws often speak of the same session and the same token.
const token = fc
  .record({
    issuedAt: fc.option(fc.integer({ min: 1, max: 3 })),
    count: fc.integer({ min: 1, max: 3 }),
    rejected: fc.boolean(),
  })
  .map(({ issuedAt, count, rejected }) =>
    // The token is what its order says it is: two that are equally late are one.
    tokenOf(`issued ${issuedAt} as ${count}`, { claims: claimsOf({ issuedAt }), count, rejected }),
  );
const allDated = token.filter(({ claims }) => claims?.issuedAt != null);
const noneDated = token.filter(({ claims }) => claims?.issuedAt == null);
const sessionWith = (tokens: fc.Arbitrary<HeldToken>): fc.Arbitrary<Session> =>
  fc
    .record({
      number: fc.integer({ min: 1, max: 3 }),
      id: fc.constantFrom("", "a", "b"),
      end: fc.constantFrom(
        "open" as const,
        "open" as const,
        "expired" as const,
        "revoked" as const,
        "signedOut" as const,
      ),
      pendingSignOut: fc.boolean(),
      token: fc.option(tokens),
    })
    .map(({ number, id, end, pendingSignOut, token: drawn }) =>
      sessionOf(number, {
        id,
        end,
        pendingSignOut: end === "signedOut" && pendingSignOut,
        identity: identityOf(`subject ${number}${id}`, id),
        token: end === "open" ? drawn : null,
      }),
    );

/** What the merge promises to agree on, whatever the order: the session, its end and its token. */
const gist = ({ number, id, end, pendingSignOut, token: held }: Session) => ({
  number,
  id,
  end,
  pendingSignOut,
  token: held && `${held.value}${held.rejected ? "!" : ""}`,
});
const finality = ({ end, pendingSignOut }: Session): number =>
  ["open", "expired", "revoked", "signedOut"].indexOf(end) + (end === "signedOut" && !pendingSignOut ? 1 : 0);

// A server dates all of its tokens or none: between the two kinds there is no order to keep.
describe.each([
  ["dated tokens", sessionWith(allDated)],
  ["tokens without a date", sessionWith(noneDated)],
])("merge, of %s", { timeout: 60_000 }, (_name, session) => {
  it("gives the same whichever comes first", () => {
    fc.assert(
      fc.property(session, session, (a, b) => {
        expect(gist(merge(a, b, isSpent))).toEqual(gist(merge(b, a, isSpent)));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same however it is grouped", () => {
    fc.assert(
      fc.property(session, session, session, (a, b, c) => {
        expect(gist(merge(merge(a, b, isSpent), c, isSpent))).toEqual(gist(merge(a, merge(b, c, isSpent), isSpent)));
      }),
      { numRuns: 500 },
    );
  });

  it("gives back the very object when the other adds nothing", () => {
    fc.assert(
      fc.property(session, session, (a, b) => {
        expect(merge(a, a, isSpent)).toBe(a);
        const merged = merge(a, b, isSpent);
        expect(merge(merged, b, isSpent)).toBe(merged);
        expect(merge(merged, a, isSpent)).toBe(merged);
        expect(merge(merged, structuredClone(merged), isSpent)).toBe(merged);
      }),
      { numRuns: 500 },
    );
  });

  it("never shrinks, and never opens an ended session again", () => {
    fc.assert(
      fc.property(fc.array(session, { minLength: 1, maxLength: 12 }), (heard) => {
        let mine: Session | null = null;
        const ended: Session[] = [];
        for (const one of heard) {
          const before: Session | null = mine;
          mine = merge(before, one, isSpent);
          expect(compareSessions(mine, one)).toBeGreaterThanOrEqual(0);
          if (before !== null) {
            expect(compareSessions(mine, before)).toBeGreaterThanOrEqual(0);
            if (isSameSession(before, mine)) expect(finality(mine)).toBeGreaterThanOrEqual(finality(before));
          }
          const again = mine;
          if (again.end === "open") expect(ended.some((one) => isSameSession(one, again))).toBe(false);
          else {
            ended.push(again);
            expect(again.token).toBe(null);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps a good token before a spent one", () => {
    fc.assert(
      fc.property(session, session, (a, b) => {
        fc.pre(isSameSession(a, b) && a.end === "open" && b.end === "open");
        const tokens = [a, b].flatMap(({ token: held }) => (held === null ? [] : [held]));
        const kept = merge(a, b, isSpent).token;
        expect(kept === null).toBe(tokens.length === 0);
        if (tokens.some((held) => !held.rejected)) expect(kept?.rejected).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("merge", () => {
  const dated = (issuedAt: number | null, count: number, rejected = false): Session =>
    sessionOf(7, { token: tokenOf(`${issuedAt}/${count}`, { claims: claimsOf({ issuedAt }), count, rejected }) });

  it.each<[string, Session, Session, "mine" | "theirs"]>([
    ["a later date wins over a higher count", dated(5, 9), dated(6, 1), "theirs"],
    ["an earlier date loses, whatever its count", dated(6, 1), dated(5, 9), "mine"],
    ["the same date: the higher count", dated(5, 1), dated(5, 2), "theirs"],
    ["equally late: mine", dated(5, 2), dated(5, 2), "mine"],
    ["no dates: the higher count", dated(null, 2), dated(null, 3), "theirs"],
    ["equally late, mine rejected: theirs", dated(5, 2, true), dated(5, 2), "theirs"],
    ["mine later but rejected: theirs", dated(9, 2, true), dated(5, 2), "theirs"],
    ["theirs later but rejected: mine", dated(5, 2), dated(9, 2, true), "mine"],
    ["a token wins over none", sessionOf(7), dated(5, 1), "theirs"],
    ["none takes no token away", dated(5, 1), sessionOf(7), "mine"],
    ["a higher number wins, even without a token", dated(5, 1), sessionOf(8), "theirs"],
    ["a lower number loses, even confirmed as ended", dated(5, 1), sessionOf(6, { end: "signedOut" }), "mine"],
    ["the same number: the higher id", sessionOf(7, { id: "a" }), sessionOf(7, { id: "b" }), "theirs"],
  ])("%s", (_name, mine, theirs, winner) => {
    expect(merge(mine, theirs, isSpent)).toBe(winner === "mine" ? mine : theirs);
  });

  it("is what the other tells where there was none", () => {
    const told = dated(5, 1);
    expect(merge(null, told, isSpent)).toBe(told);
  });

  it("remembers who it was when a sibling ends the session", () => {
    const identity = identityOf("ada", "s7");
    const mine = { ...dated(5, 1), identity };
    expect(merge(mine, sessionOf(7, { end: "revoked" }), isSpent)).toMatchObject({
      end: "revoked",
      token: null,
      identity,
    });
  });

  it("orders sessions by number, then by id, and takes no session for itself where there is none", () => {
    const sorted = [sessionOf(2, { id: "a" }), sessionOf(1, { id: "b" }), sessionOf(1, { id: "a" })].sort(
      compareSessions,
    );
    expect(sorted.map(({ number, id }) => `${number}${id}`)).toEqual(["1a", "1b", "2a"]);
    expect(isSameSession(null, null)).toBe(false);
    expect(isSameSession(sessionOf(1), null)).toBe(false);
  });
});
