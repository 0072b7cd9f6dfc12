import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { parseRefreshToken } from "../../src/server/refreshTokens.ts";
import { type Answer, detailOf, openPage, type Sender, startProgram, tokenOf } from "./support/page.ts";
import {
  createTestServer,
  openSignedInPage,
  refresh,
  register,
  signIn,
  type TestServer,
} from "./support/testServer.ts";

const GRACE = 30;
const AFTER_GRACE = 31;

describe("the rotation table", () => {
  let server: TestServer;
  let page: Sender;
  let cookieName: string;
  /** The refresh tokens in the order in which they were current. */
  let tokens: string[];

  beforeEach(async () => {
    server = createTestServer();
    ({ page } = await openSignedInPage(server));
    [cookieName = ""] = page.jar.keys();
    tokens = [jarToken()];
    server.events.length = 0;
  });

  const jarToken = () => page.jar.get(cookieName) ?? "";
  const eventTypes = () => server.events.map(({ type }) => type);

  /** Presents a token as a page whose jar holds just that one would. */
  async function present(token: string): Promise<Answer> {
    return openPage(server, { jar: new Map([[cookieName, token]]) }).send("POST", "/jwt/refresh");
  }

  const tokenSetBy = (answer: Answer) => answer.setCookies.find(({ name }) => name === cookieName)?.value;

  async function rotate(): Promise<void> {
    expect((await refresh(page)).status).toBe(200);
    tokens.push(jarToken());
  }

  it("rotates a session that was just made, whatever the grace time", async () => {
    await rotate();
    expect(tokens[1]).not.toBe(tokens[0]);
    expect(eventTypes()).toEqual(["refreshed"]);
  });

  // B018 https://github.com/fliks-app/fliks/pull/457
  // B104 https://github.com/Macro-Deck-App/Macro-Deck/issues/815
  // B147 https://github.com/workos/authkit-remix/issues/7
  it.each([0, 1])(
    "gives the current token again within the grace time, to the token before it and to itself (%d)",
    async (which) => {
      await rotate();
      server.advance(GRACE - 1);
      const answer = await present(tokens[which] ?? "");
      expect(answer.status).toBe(200);
      expect(tokenSetBy(answer)).toBe(tokens[1]);
      expect(tokenOf(answer).access_token).not.toBe("");
      expect(eventTypes()).toEqual(["refreshed", "graceRepeat"]);
    },
  );

  // B202 https://github.com/lynndylanhurley/j-toker/issues/19
  it("keeps a page signed in whose reloads cut off five answers in a row", async () => {
    for (let reload = 0; reload < 5; reload += 1) {
      expect((await present(tokens[0] ?? "")).status).toBe(200);
      server.advance(0.4);
    }
    await rotate();
    expect(eventTypes()).not.toContain("reuseDetected");
  });

  it("rotates the current token after the grace time", async () => {
    await rotate();
    server.advance(GRACE);
    await rotate();
    expect(new Set(tokens).size).toBe(3);
    expect(eventTypes()).toEqual(["refreshed", "refreshed"]);
  });

  it("takes the previous token after the grace time for a lost answer, and kills the number in between", async () => {
    await rotate();
    server.advance(AFTER_GRACE);
    const late = await present(tokens[0] ?? "");
    expect(late.status).toBe(200);
    expect([tokens[0], tokens[1]]).not.toContain(tokenSetBy(late));
    expect(eventTypes()).toEqual(["refreshed", "lateRepeat"]);
    // Its repeat within the grace time gets the same one.
    expect(tokenSetBy(await present(tokens[0] ?? ""))).toBe(tokenSetBy(late));
    expect(detailOf(await present(tokens[1] ?? ""))).toBe("REFRESH_TOKEN_REUSED");
  });

  it("hands out nothing while an answer with the current token may still be under way, then goes on", async () => {
    await rotate();
    server.advance(GRACE - 1);
    expect(tokenSetBy(await present(tokens[0] ?? ""))).toBe(tokens[1]);
    server.advance(GRACE - 1);
    const held = await present(tokens[0] ?? "");
    expect(held.status).toBe(200);
    expect(held.setCookies).toEqual([]);
    expect(tokenSetBy(await present(tokens[1] ?? ""))).toBe(tokens[1]);
    server.advance(1);
    expect(tokenSetBy(await present(tokens[1] ?? ""))).not.toBe(tokens[1]);
    expect(eventTypes()).toEqual(["refreshed", "graceRepeat", "graceRepeat", "graceRepeat", "refreshed"]);
  });

  it("cannot be kept from rotating by repeats of the previous token for longer than a second grace time", async () => {
    await rotate();
    for (let second = 0; second < 2 * GRACE - 5; second += 5) {
      expect((await present(tokens[0] ?? "")).status).toBe(200);
      server.advance(5);
    }
    await rotate();
    expect(tokens[2]).not.toBe(tokens[1]);
  });

  it("takes the previous token again and again, as long as nobody presents a dead number", async () => {
    await rotate();
    for (let round = 0; round < 3; round += 1) {
      server.advance(AFTER_GRACE);
      expect((await present(tokens[0] ?? "")).status).toBe(200);
    }
    expect(eventTypes()).toEqual(["refreshed", "lateRepeat", "lateRepeat", "lateRepeat"]);
  });

  it("revokes the session for any older token, within the grace time and after it", async () => {
    await rotate();
    server.advance(AFTER_GRACE);
    await rotate();
    const { session } = tokenOf(await present(tokens[2] ?? ""));
    server.events.length = 0;
    const answer = await present(tokens[0] ?? "");
    expect(answer.status).toBe(401);
    expect(detailOf(answer)).toBe("REFRESH_TOKEN_REUSED");
    expect(server.events).toMatchObject([
      { type: "reuseDetected", sessionId: session.id },
      { type: "sessionEnded", sessionId: session.id, reason: "reused" },
    ]);
    expect(detailOf(await present(tokens[2] ?? ""))).toBe("REFRESH_TOKEN_REVOKED");
  });

  // B018 https://github.com/fliks-app/fliks/pull/457
  it("leaves the subject's other sessions alone when one is reused", async () => {
    const other = openPage(server);
    await signIn(other);
    await rotate();
    server.advance(AFTER_GRACE);
    await rotate();
    expect(detailOf(await present(tokens[0] ?? ""))).toBe("REFRESH_TOKEN_REUSED");
    expect((await refresh(other)).status).toBe(200);
  });

  // B190 https://github.com/opendefender/OpenRisk/issues/700
  it("never sets a cookie with a 401: a late loser must not wipe the winner's", async () => {
    await rotate();
    server.advance(AFTER_GRACE);
    await rotate();
    const refused = [
      await openPage(server).send("POST", "/jwt/refresh"),
      await present("ssr1.nonsense"),
      await present(tokens[0] ?? ""),
      await present(tokens[2] ?? ""),
    ];
    expect(refused.map(detailOf)).toEqual([
      "REFRESH_TOKEN_MISSING",
      "REFRESH_TOKEN_INVALID",
      "REFRESH_TOKEN_REUSED",
      "REFRESH_TOKEN_REVOKED",
    ]);
    for (const answer of refused) expect(answer.setCookies).toEqual([]);
  });

  it("answers a page that only asks whether somebody is signed in without a 401", async () => {
    const answer = await openPage(server).send("POST", "/jwt/refresh?optional=1");
    expect(answer).toMatchObject({
      status: 200,
      body: { access_token: null, detail: "REFRESH_TOKEN_MISSING" },
      setCookies: [],
    });
    // What is there and no good is a refusal all the same.
    expect(await present("ssr1.nonsense")).toMatchObject({ status: 401 });
  });

  // B107 https://github.com/Crossbill-App/crossbill-web/pull/484
  it("gives a token that was signed out no grace, and no alarm", async () => {
    await rotate();
    await page.send("POST", "/jwt/logout");
    server.events.length = 0;
    server.advance(1);
    for (const token of tokens) {
      const answer = await present(token);
      expect(detailOf(answer)).toBe("REFRESH_TOKEN_REVOKED");
      expect(answer.setCookies).toEqual([]);
    }
    expect(eventTypes()).toEqual([]);
  });

  it("says `_EXPIRED` after the idle lifetime, and after the session's own whatever was refreshed", async () => {
    server.advance(604_800);
    expect(detailOf(await present(tokens[0] ?? ""))).toBe("REFRESH_TOKEN_EXPIRED");
    const second = openPage(server);
    await signIn(second);
    for (let day = 0; day < 89; day += 1) {
      server.advance(86_400);
      expect((await refresh(second)).status).toBe(200);
    }
    server.advance(86_400);
    expect(detailOf(await refresh(second))).toBe("REFRESH_TOKEN_EXPIRED");
  });

  it("accepts no token whose MAC, session, counter, version or key id was changed, and touches no session for it", async () => {
    await rotate();
    server.events.length = 0;
    const [version = "", keyId = "", payload = "", mac = ""] = jarToken().split(".");
    const swap = (text: string, index: number) =>
      text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
    const forged = [
      ...Array.from(mac, (_, index) => [version, keyId, payload, swap(mac, index)]),
      ...Array.from(payload, (_, index) => [version, keyId, swap(payload, index), mac]),
      [version, swap(keyId, 0), payload, mac],
      ["ssr2", keyId, payload, mac],
      [version, keyId, `${payload}=`, mac],
      [version, keyId, payload, mac, ""],
      [version, keyId, payload],
      [version, keyId, payload, `${mac}${"A".repeat(300)}`],
      [version, "", payload, mac],
    ].map((parts) => parts.join("."));
    for (const token of [...forged, "", "a.b.c", "ssr1...", `${jarToken()}.`]) {
      expect(detailOf(await present(token)), token).toBe("REFRESH_TOKEN_INVALID");
    }
    expect(eventTypes()).toEqual([]);
    expect((await refresh(page)).status).toBe(200);
  });

  it("accepts no second spelling of a good token", async () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const token = jarToken();
    const last = letters.indexOf(token.slice(-1));
    // The last letter of 32 bytes carries four bits; these spellings differ only in the two that are left over.
    for (let spare = 1; spare < 4; spare += 1) {
      const respelled = `${token.slice(0, -1)}${letters.charAt(last + spare)}`;
      expect(Buffer.from(respelled.split(".")[3] ?? "", "base64url")).toEqual(
        Buffer.from(token.split(".")[3] ?? "", "base64url"),
      );
      expect(detailOf(await present(respelled))).toBe("REFRESH_TOKEN_INVALID");
    }
  });

  it("does not take a token of one session for another's, nor one of another server", async () => {
    const other = createTestServer({ accessTokenSecret: "another secret of thirty-two bytes or more" });
    const { page: strange } = await openSignedInPage(other);
    expect(detailOf(await present([...strange.jar.values()][0] ?? ""))).toBe("REFRESH_TOKEN_INVALID");
  });

  // B234 https://github.com/repsyio/repsy/pull/176
  it("takes neither kind of token for the other", async () => {
    const { access_token: accessToken } = tokenOf(await refresh(page));
    expect(detailOf(await present(accessToken))).toBe("REFRESH_TOKEN_INVALID");
    expect((await page.send("GET", "/users/me", { bearer: jarToken() })).status).toBe(401);
  });
});

describe("a repeat that races against another server's rotation", () => {
  it("hands out what is current in the end, not what it had read", async () => {
    const inner = memoryStore();
    let isRaced = false;
    const server = createTestServer({
      store: {
        ...inner,
        async noteRepeat(sessionId, counter, previous) {
          if (!isRaced) {
            isRaced = true;
            const skip = { sessionId, counter, previous, nextCounter: counter + 1, nextPrevious: previous, graceMs: 0 };
            await inner.rotateSession({ ...skip, rotatedBy: "", idleMs: 1_000_000 });
          }
          return inner.noteRepeat(sessionId, counter, previous);
        },
      },
    });
    const program = startProgram(server);
    await register(program);
    const token = await signIn(program);
    const json = { refresh_token: token.refresh_token };
    await program.send("POST", "/jwt/refresh", { json });
    const repeated = tokenOf(await program.send("POST", "/jwt/refresh", { json }));
    expect(isRaced).toBe(true);
    const [record] = await inner.readSessions([token.session.id]);
    expect(record?.session.counter).toBe(3);
    expect(parseRefreshToken(repeated.refresh_token ?? "")?.counter).toBe(3);
  });
});

describe("a database that was restored from a backup", () => {
  it("goes on from the newer token that a client still has, with an audit event", async () => {
    let now = 1_800_000_000_000;
    const live = memoryStore({ now: () => now });
    const restored = memoryStore({ now: () => now });
    const first = createTestServer({ store: live });
    const program = startProgram(first);
    await register(program);
    const token = await signIn(program);
    const [backup] = await live.readSessions([token.session.id]);
    if (!backup?.subject) throw new Error("There is no session to back up.");
    let current = token.refresh_token;
    for (let round = 0; round < 3; round += 1) {
      now += AFTER_GRACE * 1000;
      current = tokenOf(await program.send("POST", "/jwt/refresh", { json: { refresh_token: current } })).refresh_token;
    }

    // The row as the backup has it, in the state of just after the sign-in.
    const { session, subject } = backup;
    await restored.addSubject(subject);
    await restored.addSession({
      ...session,
      idleMs: 604_800_000,
      absoluteMs: 7_776_000_000,
      numberAbove: 0,
      authenticated: true,
    });
    const second = createTestServer({ store: restored });
    const after = startProgram(second);
    const answer = tokenOf(await after.send("POST", "/jwt/refresh", { json: { refresh_token: current } }));
    expect(answer.session.id).toBe(token.session.id);
    expect(second.events.map(({ type }) => type)).toEqual(["restoredSession"]);
    const again = tokenOf(await after.send("POST", "/jwt/refresh", { json: { refresh_token: current } }));
    expect(again.refresh_token).toBe(answer.refresh_token);
  });
});
