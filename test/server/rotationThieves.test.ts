import { describe, expect, it } from "vitest";
import { FIRST, GRACE_MS, HERE, present, type Row } from "./support/rotationModel.ts";
import { detailOf, openPage, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh } from "./support/testServer.ts";

describe("a thief and the owner, who take turns outside the grace time", () => {
  type Move = "owner" | { readonly thiefPresents: number };

  interface Theft {
    readonly row: Row;
    readonly now: number;
    readonly owner: number;
    /** Every token that the thief has ever held: any of them may be presented. */
    readonly thief: readonly number[];
    /** Who was answered 200, in this order. */
    readonly successes: string;
  }

  function play({ row, now, owner, thief, successes }: Theft, move: Move): Theft {
    const at = now + GRACE_MS;
    const { row: after, answer } = present(row, move === "owner" ? owner : move.thiefPresents, at);
    if (answer === null) return { row: after, now: at, owner, thief, successes };
    const had = move === "owner" ? owner : move.thiefPresents;
    const has = answer === "kept" ? had : answer;
    return move === "owner"
      ? { row: after, now: at, owner: has, thief, successes: `${successes}O` }
      : { row: after, now: at, owner, thief: [...new Set([...thief, has])], successes: `${successes}T` };
  }

  /**
   * Plays every game of `turns` turns. Returns how many ended with the session's death. In none may the owner be
   * answered, the thief after that, and the owner again: the owner's refresh finds a thief who has gone on.
   */
  function playAll(theft: Theft, turns: number): { readonly games: number; readonly found: number } {
    if (turns === 0 || theft.row.ended) {
      expect(theft.successes, JSON.stringify(theft)).not.toMatch(/T+O+T+O/);
      return { games: 1, found: theft.row.ended ? 1 : 0 };
    }
    const moves: readonly Move[] = ["owner", ...theft.thief.map((token) => ({ thiefPresents: token }))];
    const results = moves.map((move) => playAll(play(theft, move), turns - 1));
    return {
      games: results.reduce((sum, { games }) => sum + games, 0),
      found: results.reduce((sum, { found }) => sum + found, 0),
    };
  }

  const settled: Row = { counter: 7, previous: 6, rotatedAt: 1, rotatedBy: HERE, repeatedAt: 0, ended: false };

  it.each([
    ["current", { row: settled, now: 1_000_000, owner: 7, thief: [7], successes: "" }],
    ["previous", { row: settled, now: 1_000_000, owner: 7, thief: [6], successes: "" }],
    ["first", { row: FIRST, now: 1_000_000, owner: 1, thief: [1], successes: "" }],
    ["current and previous", { row: settled, now: 1_000_000, owner: 7, thief: [6, 7], successes: "" }],
  ] satisfies [string, Theft][])(
    "are told apart when the %s token was stolen, in every game of seven turns",
    (_, theft) => {
      const { games, found } = playAll(theft, 7);
      expect(games).toBeGreaterThan(100);
      expect(found).toBeGreaterThan(games / 2);
    },
  );

  it("end with the session's death at the owner's next refresh once the thief has taken two steps", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const thief = openPage(server, { jar: new Map(page.jar) });
    const other = await openSignedInPage(server, "grace@example.org");
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await refresh(thief)).status).toBe(200);
      server.advance(GRACE_MS / 1000);
    }
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REUSED");
    expect(detailOf(await refresh(thief))).toBe("REFRESH_TOKEN_REVOKED");
    expect(tokenOf(await refresh(other.page)).subject).toBe(other.token.subject);
  });

  it("end with the session's death when the thief presents what the owner's late refresh has skipped", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const thief = openPage(server, { jar: new Map(page.jar) });
    await refresh(thief);
    server.advance(GRACE_MS / 1000);
    expect((await refresh(page)).status).toBe(200);
    server.advance(GRACE_MS / 1000);
    expect(detailOf(await refresh(thief))).toBe("REFRESH_TOKEN_REUSED");
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
  });
});

// X02: with the previous token, presented within the grace time of each rotation, a thief was handed the current one for
// 200 rounds, unseen.
describe("a thief elsewhere, who takes turns with the owner after pauses of any length", () => {
  interface Theft {
    readonly row: Row;
    readonly now: number;
    readonly owner: number;
    readonly thief: readonly number[];
    /** `O` the owner rotates, `o` is answered without that, `T` and `t` the same for the thief. */
    readonly answers: string;
  }

  const PAUSES_MS = [5_000, GRACE_MS];

  function play(theft: Theft, presented: number, isOwner: boolean, pauseMs: number): Theft {
    const now = theft.now + pauseMs;
    const { row, answer } = present(theft.row, presented, now, isOwner ? HERE : "elsewhere");
    if (answer === null) return { ...theft, row, now };
    const letter = isOwner ? "o" : "t";
    const answers = theft.answers + (row.counter === theft.row.counter ? letter : letter.toUpperCase());
    const has = answer === "kept" ? presented : answer;
    if (isOwner) return { ...theft, row, now, owner: has, answers };
    return { ...theft, row, now, thief: [...new Set([...theft.thief, has])], answers };
  }

  /** How many games there are, and in how many periods between the owner's rotations the thief was answered at most. */
  function playAll(theft: Theft, turns: number): { readonly games: number; readonly periods: number } {
    if (turns === 0 || theft.row.ended) {
      const periods = theft.answers.split("O").filter((period) => /t/i.test(period)).length;
      return { games: 1, periods };
    }
    let [games, periods] = [0, 0];
    for (const pauseMs of PAUSES_MS) {
      const moves = [play(theft, theft.owner, true, pauseMs)];
      for (const token of theft.thief) moves.push(play(theft, token, false, pauseMs));
      for (const move of moves) {
        const rest = playAll(move, turns - 1);
        games += rest.games;
        periods = Math.max(periods, rest.periods);
      }
    }
    return { games, periods };
  }

  const settled: Row = { counter: 7, previous: 6, rotatedAt: 1, rotatedBy: HERE, repeatedAt: 0, ended: false };

  it.each([
    ["current", [7], 2],
    ["previous", [6], 1],
    ["current and previous", [6, 7], 2],
  ] as const)(
    "who stole the %s token is found within two of the owner's rotations, in every game of eight turns",
    (_, thief, most) => {
      const { games, periods } = playAll({ row: settled, now: 1_000_000, owner: 7, thief, answers: "" }, 8);
      expect(games).toBeGreaterThan(10_000);
      expect(periods).toBe(most);
    },
  );
});
