import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareSessions,
  type HeldToken,
  isOpen,
  isSameSession,
  join,
  type Knowledge,
} from "../../src/core/knowledge.ts";
import { claimsOf, identityOf, knowledgeOf, tokenOf } from "./knowledgeOf.ts";

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
const knowledgeWith = (tokens: fc.Arbitrary<HeldToken>): fc.Arbitrary<Knowledge> =>
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
      owed: fc.boolean(),
      token: fc.option(tokens),
    })
    .map(({ number, id, end, owed, token: drawn }) =>
      knowledgeOf(number, {
        id,
        end,
        owed: end === "signedOut" && owed,
        identity: identityOf(`subject ${number}${id}`, id),
        token: end === "open" ? drawn : null,
        hinted: end === "open" && drawn === null,
      }),
    );

/** What the join promises to agree on, whatever the order: the session, its end and its token. */
const gist = ({ number, id, end, owed, token: held }: Knowledge) => ({
  number,
  id,
  end,
  owed,
  token: held && `${held.value}${held.rejected ? "!" : ""}`,
});
const finality = ({ end, owed }: Knowledge): number =>
  ["open", "expired", "revoked", "signedOut"].indexOf(end) + (end === "signedOut" && !owed ? 1 : 0);

// A server dates all of its tokens or none: between the two kinds there is no order to keep.
describe.each([
  ["dated tokens", knowledgeWith(allDated)],
  ["tokens without a date", knowledgeWith(noneDated)],
])("join, of %s", { timeout: 60_000 }, (_name, knowledge) => {
  it("gives the same whichever comes first", () => {
    fc.assert(
      fc.property(knowledge, knowledge, (a, b) => {
        expect(gist(join(a, b, isSpent))).toEqual(gist(join(b, a, isSpent)));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same however it is grouped", () => {
    fc.assert(
      fc.property(knowledge, knowledge, knowledge, (a, b, c) => {
        expect(gist(join(join(a, b, isSpent), c, isSpent))).toEqual(gist(join(a, join(b, c, isSpent), isSpent)));
      }),
      { numRuns: 500 },
    );
  });

  it("gives back the very object when the other adds nothing", () => {
    fc.assert(
      fc.property(knowledge, knowledge, (a, b) => {
        expect(join(a, a, isSpent)).toBe(a);
        const joined = join(a, b, isSpent);
        expect(join(joined, b, isSpent)).toBe(joined);
        expect(join(joined, a, isSpent)).toBe(joined);
        expect(join(joined, structuredClone(joined), isSpent)).toBe(joined);
      }),
      { numRuns: 500 },
    );
  });

  it("never shrinks, and never opens an ended session again", () => {
    fc.assert(
      fc.property(fc.array(knowledge, { minLength: 1, maxLength: 12 }), (heard) => {
        let known: Knowledge | null = null;
        const ended: Knowledge[] = [];
        for (const one of heard) {
          const before: Knowledge | null = known;
          known = join(before, one, isSpent);
          expect(compareSessions(known, one)).toBeGreaterThanOrEqual(0);
          if (before !== null) {
            expect(compareSessions(known, before)).toBeGreaterThanOrEqual(0);
            if (isSameSession(before, known)) expect(finality(known)).toBeGreaterThanOrEqual(finality(before));
          }
          const again = known;
          if (isOpen(again)) expect(ended.some((session) => isSameSession(session, again))).toBe(false);
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
      fc.property(knowledge, knowledge, (a, b) => {
        fc.pre(isSameSession(a, b) && isOpen(a) && isOpen(b));
        const tokens = [a, b].flatMap(({ token: held }) => (held === null ? [] : [held]));
        const kept = join(a, b, isSpent).token;
        expect(kept === null).toBe(tokens.length === 0);
        if (tokens.some((held) => !held.rejected)) expect(kept?.rejected).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("join", () => {
  const dated = (issuedAt: number | null, count: number, rejected = false): Knowledge =>
    knowledgeOf(7, { token: tokenOf(`${issuedAt}/${count}`, { claims: claimsOf({ issuedAt }), count, rejected }) });

  it.each<[string, Knowledge, Knowledge, "mine" | "theirs"]>([
    ["a later date wins over a higher count", dated(5, 9), dated(6, 1), "theirs"],
    ["an earlier date loses, whatever its count", dated(6, 1), dated(5, 9), "mine"],
    ["the same date: the higher count", dated(5, 1), dated(5, 2), "theirs"],
    ["equally late: mine", dated(5, 2), dated(5, 2), "mine"],
    ["no dates: the higher count", dated(null, 2), dated(null, 3), "theirs"],
    ["equally late, mine rejected: theirs", dated(5, 2, true), dated(5, 2), "theirs"],
    ["mine later but rejected: theirs", dated(9, 2, true), dated(5, 2), "theirs"],
    ["theirs later but rejected: mine", dated(5, 2), dated(9, 2, true), "mine"],
    ["a token wins over none", knowledgeOf(7), dated(5, 1), "theirs"],
    ["none takes no token away", dated(5, 1), knowledgeOf(7), "mine"],
    ["a higher number wins, even without a token", dated(5, 1), knowledgeOf(8), "theirs"],
    ["a lower number loses, even confirmed as ended", dated(5, 1), knowledgeOf(6, { end: "signedOut" }), "mine"],
    ["the same number: the higher id", knowledgeOf(7, { id: "a" }), knowledgeOf(7, { id: "b" }), "theirs"],
  ])("%s", (_name, mine, theirs, winner) => {
    expect(join(mine, theirs, isSpent)).toBe(winner === "mine" ? mine : theirs);
  });

  it("is what the other tells where nothing was known", () => {
    const told = dated(5, 1);
    expect(join(null, told, isSpent)).toBe(told);
  });

  it("remembers who it was when a hint ends the session", () => {
    const identity = identityOf("ada", "s7");
    const mine = { ...dated(5, 1), identity };
    expect(join(mine, knowledgeOf(7, { end: "revoked", hinted: true }), isSpent)).toMatchObject({
      end: "revoked",
      token: null,
      identity,
    });
  });

  it("orders sessions by number, then by id, and takes no session for itself where there is none", () => {
    const sorted = [knowledgeOf(2, { id: "a" }), knowledgeOf(1, { id: "b" }), knowledgeOf(1, { id: "a" })].sort(
      compareSessions,
    );
    expect(sorted.map(({ number, id }) => `${number}${id}`)).toEqual(["1a", "1b", "2a"]);
    expect(isSameSession(null, null)).toBe(false);
    expect(isSameSession(knowledgeOf(1), null)).toBe(false);
  });
});
