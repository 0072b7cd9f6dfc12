import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuthStore } from "../../src/server/authStore.ts";
import { prepareEngines } from "./support/engines.ts";
import { type Answer, detailOf, openPage, type Sender, tokenOf } from "./support/page.ts";
import {
  createTestServer,
  openSignedInPage,
  refresh,
  register,
  signIn,
  type TestServer,
} from "./support/testServer.ts";

const OWNER = "192.0.2.1";
const THIEF = "198.51.100.7";
const BETWEEN_ROUNDS_S = 720;
const engines = prepareEngines();

// X02: on each of these stores a thief got a new refresh token after each of 200 rotations, unseen.
describe.each(engines)("a thief with a copy of the cookie, on the $name store", ({ isHere, open }) => {
  let now: number;
  let store: AuthStore;
  let server: TestServer;
  let owner: Sender;
  let thief: Sender;

  beforeEach(async () => {
    if (!isHere) return;
    now = Date.parse("2026-11-28T12:00:00Z");
    store = await open({ now: () => now });
    await store.ready();
    server = createTestServer({ store });
    owner = openPage(server, { address: OWNER });
    await register(owner);
    await signIn(owner);
    await refresh(owner);
    thief = openPage(server, { address: THIEF, jar: new Map(owner.jar) });
  });
  afterEach(async () => {
    if (isHere) await store.close();
  });

  const inTurn = (sender: Sender, afterSeconds: number): Promise<Answer> => {
    now += afterSeconds * 1000;
    return refresh(sender);
  };
  const types = () => server.events.map(({ type }) => type);

  const cases = (["after the owner", "before the owner"] as const).flatMap((order) =>
    [1, 29, 31, 300].map((pause) => [order, pause] as const),
  );
  const check = isHere ? it : it.skip;

  check.each(cases)("who refreshes %s each time, %d s apart, is found in the second round", async (order, pause) => {
    const [first, second] = order === "after the owner" ? [owner, thief] : [thief, owner];
    for (let round = 1; round <= 2 && !types().includes("reuseDetected"); round += 1) {
      const answers = [await inTurn(first, BETWEEN_ROUNDS_S), await inTurn(second, pause)];
      if (round === 1) expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      // Within the grace time the second gets an access token, and nothing that lasts.
      if (round === 1 && pause < 30) {
        expect(answers[1]?.setCookies).toEqual([]);
        expect(types().at(-1)).toBe("graceRepeatElsewhere");
      }
    }
    expect(types()).toContain("reuseDetected");
    for (const sender of [owner, thief]) expect((await refresh(sender)).status).toBe(401);
  });

  check(
    "who never goes on from what it stole keeps no more than access tokens, until the owner's next rotation",
    async () => {
      await inTurn(owner, BETWEEN_ROUNDS_S);
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const answer = await inTurn(thief, 1);
        expect(answer.setCookies).toEqual([]);
        expect(tokenOf(answer).refresh_token).toBeUndefined();
      }
      expect((await inTurn(owner, BETWEEN_ROUNDS_S)).status).toBe(200);
      expect(detailOf(await inTurn(thief, 1))).toBe("REFRESH_TOKEN_REUSED");
    },
  );

  check(
    "who shares the owner's address is told from a second tab by nothing: bound sessions are for that",
    async () => {
      const neighbour = openPage(server, { address: OWNER, jar: new Map(thief.jar) });
      for (let round = 0; round < 3; round += 1) {
        expect((await inTurn(owner, BETWEEN_ROUNDS_S)).status).toBe(200);
        expect((await inTurn(neighbour, 1)).status).toBe(200);
      }
      expect(types()).not.toContain("reuseDetected");
    },
  );

  check("who comes first within the grace time each time, with the owner's own token, leaves a trail", async () => {
    const stolen = new Map(owner.jar);
    server.events.length = 0;
    for (let round = 0; round < 4; round += 1) {
      await inTurn(openPage(server, { address: THIEF, jar: new Map(stolen) }), BETWEEN_ROUNDS_S);
      expect((await inTurn(owner, 5)).status).toBe(200);
    }
    const once = ["lateRepeat", "graceRepeatElsewhere"];
    expect(types()).toEqual(["refreshed", "graceRepeatElsewhere", ...once, ...once, ...once]);
    // One refresh of the owner's outside those thirty seconds, and what the thief does next ends the session.
    await inTurn(owner, BETWEEN_ROUNDS_S);
    await inTurn(openPage(server, { address: THIEF, jar: new Map(stolen) }), BETWEEN_ROUNDS_S);
    expect(detailOf(await inTurn(owner, 5))).toBe("REFRESH_TOKEN_REUSED");
  });
});

describe("where no address is known", () => {
  it("the previous token within the grace time is a lost answer, as far as anybody can tell", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const other = openPage(server, { jar: new Map(page.jar) });
    await refresh(page);
    expect((await refresh(other)).setCookies).toHaveLength(1);
  });
});
