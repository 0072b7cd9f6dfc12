import { chmod, chown, utimes, writeFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpBackend } from "../../src/core/createHttpBackend.ts";
import { createFileBackend } from "../../src/node/createFileBackend.ts";
import { lockExchange } from "../../src/node/exchangeLock.ts";
import { createNodeClock } from "../../src/node/nodeClock.ts";
import { createProcessMark } from "../../src/node/processMark.ts";
import { createSessionKeys } from "../../src/node/sessionKeys.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { makeEntry } from "./support/storedSession.ts";
import { type StrictServer, startStrictServer } from "./support/strictServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const credentials = { username: "ada", password: "correct horse battery" };
const call = () => ({ fetch: globalThis.fetch, signal: new AbortController().signal });

async function makeWorld() {
  const server = await startStrictServer();
  const folder = await makeSessionFolder();
  const { address } = server;
  const makeBackend = () =>
    createFileBackend({
      inner: createHttpBackend({ baseUrl: address }),
      file: folder.file,
      address,
      clock: createNodeClock(),
      keys: createSessionKeys({ bindSession: false, place: { path: folder.path, ownFolder: false }, address }),
      lockExchange: (signal) => lockExchange(`${folder.path}.exchange.lock`, signal),
      fetch: globalThis.fetch,
    });
  const store = (session: ReturnType<StrictServer["issue"]>, changes: { expired?: boolean } = {}) =>
    folder.file.updateServer(address, () => {
      const sentAt = Date.now() - (changes.expired ? 901_000 : 0);
      return makeEntry({
        ...session,
        accessTokenSentAt: sentAt,
        accessTokenExpiresAt: sentAt + 900_000,
        signedInAt: sentAt,
      });
    });
  return { server, folder, address, makeBackend, store, entry: () => folder.file.readServer(address) };
}

describe("a sign-in", () => {
  it("is in the file before anybody gets its access token, and asks for the body transport", async () => {
    const { server, makeBackend, entry } = await makeWorld();
    const answer = unchallenged(await makeBackend().signIn(credentials, call()));
    const { session } = await entry();
    expect(session).toMatchObject({
      accessToken: answer.accessToken,
      refreshToken: "refresh-1-1",
      subject: "ada",
      id: "session-1",
    });
    expect(server.refreshes).toEqual([]);
  });

  it("replaces another session and tells the server that the replaced one is over", async () => {
    const { server, makeBackend, entry, store } = await makeWorld();
    await store(server.issue());
    await makeBackend().signIn(credentials, call());
    await expect.poll(async () => (await entry()).owed).toEqual([]);
    expect((await entry()).session?.id).toBe("session-2");
    expect([server.isRevoked("session-1"), server.isRevoked("session-2")]).toEqual([true, false]);
  });

  // B102 https://github.com/openclaw/openclaw/pull/88029
  it("replaces a damaged file, and is not even asked for where the file cannot be written", async () => {
    const { makeBackend, folder, entry, server } = await makeWorld();
    await writeFile(folder.path, '{"refr', { mode: 0o600 });
    await makeBackend().signIn(credentials, call());
    expect((await entry()).session?.id).toBe("session-1");
    await chmod(folder.folder, 0o770);
    await expect(makeBackend().signIn(credentials, call())).rejects.toMatchObject({ code: "sessionFileUnsafe" });
    expect(server.paths.filter((path) => path === "/jwt/login")).toHaveLength(1);
  });
});

describe("a refresh", () => {
  // B095 https://github.com/anthropics/claude-code/issues/27933
  it("asks nobody while the stored access token is good, then asks once and keeps the answer", async () => {
    const { server, makeBackend, store, entry } = await makeWorld();
    const issued = server.issue();
    await store(issued);
    const backend = makeBackend();
    expect(await backend.refresh(call())).toMatchObject({ kind: "token", answer: { accessToken: issued.accessToken } });
    expect(server.refreshes).toEqual([]);
    // Asked again, it was not good enough.
    const outcome = await backend.refresh(call());
    expect(server.refreshes).toEqual(["refresh-1-1"]);
    const { session } = await entry();
    expect(session).toMatchObject({ refreshToken: "refresh-1-2", id: "session-1" });
    expect(outcome).toMatchObject({ kind: "token", answer: { accessToken: session?.accessToken } });
    // Another process finds it there.
    expect(await makeBackend().refresh(call())).toMatchObject({ answer: { accessToken: session?.accessToken } });
    expect(server.refreshes).toHaveLength(1);
  });

  it("never uses a stored access token that is spent, about to be, or from a clock of the future", async () => {
    const { server, makeBackend, store, folder, address } = await makeWorld();
    await store(server.issue(), { expired: true });
    await makeBackend().refresh(call());
    expect(server.refreshes).toHaveLength(1);
    for (const [sentAgoMs, leftMs] of [
      [880_000, 20_000],
      [-3_600_000, 4_500_000],
    ] as const) {
      await folder.file.updateServer(address, ({ session, ...entry }) => ({
        ...entry,
        session: session && {
          ...session,
          accessTokenSentAt: Date.now() - sentAgoMs,
          accessTokenExpiresAt: Date.now() + leftMs,
        },
      }));
      await makeBackend().refresh(call());
    }
    expect(server.refreshes).toHaveLength(3);
  });

  // B098 https://github.com/anthropics/claude-code/issues/88583
  it("leaves the file as it is to the byte when it gets no answer that counts", async () => {
    const { server, makeBackend, store, folder } = await makeWorld();
    await store(server.issue(), { expired: true });
    const before = await folder.hash();
    const backend = makeBackend();
    const answers = [
      { status: 500, body: '{"detail":"INTERNAL_ERROR"}' },
      { status: 400, body: '{"detail":"BAD_REQUEST"}' },
      { status: 401, body: "<html>a gateway</html>" },
      { status: 429, body: '{"detail":"RATE_LIMITED"}' },
      { status: 200, body: "<html>a captive portal</html>" },
      { status: 200, body: '{"access_token":"","refresh_token":""}' },
    ];
    for (const answer of answers) {
      server.answerNextRefresh(() => answer);
      expect(await backend.refresh(call())).toMatchObject({ kind: "transient" });
      expect(await folder.hash()).toBe(before);
    }
    const unreachable = { ...call(), fetch: () => Promise.reject(new TypeError("fetch failed")) };
    await backend.refresh(unreachable).then(
      (outcome) => expect(outcome).toMatchObject({ kind: "transient" }),
      () => undefined,
    );
    expect(await folder.hash()).toBe(before);
    expect(await backend.refresh(call())).toMatchObject({ kind: "token" });
  });

  // B096 https://github.com/clerk/cli/pull/213
  it("uses what a quicker process wrote when its own token was rejected, and leaves the file alone", async () => {
    const { server, makeBackend, store, folder, address, entry } = await makeWorld();
    const issued = server.issue();
    await store(issued, { expired: true });
    const newer = { accessToken: "newer", accessTokenSentAt: Date.now(), accessTokenExpiresAt: Date.now() + 900_000 };
    server.answerNextRefresh(async () => {
      // Written after the rejection is on its way: 40 ms later.
      setTimeout(() => {
        void folder.file.updateServer(address, () => makeEntry({ ...issued, refreshToken: "refresh-1-2", ...newer }));
      }, 40);
      return { status: 401, body: '{"detail":"REFRESH_TOKEN_INVALID"}' };
    });
    expect(await makeBackend().refresh(call())).toMatchObject({ kind: "token", answer: { accessToken: "newer" } });
    expect((await entry()).session?.refreshToken).toBe("refresh-1-2");
    expect(server.refreshes).toHaveLength(1);
  });

  // B096 https://github.com/clerk/cli/pull/213
  it("clears the session when the very token that was rejected is still there, and remembers that it ended", async () => {
    const { server, makeBackend, store, entry, folder } = await makeWorld();
    await store(server.issue(), { expired: true });
    server.answerNextRefresh(() => ({ status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' }));
    expect(await makeBackend().refresh(call())).toMatchObject({ kind: "ended", reason: "expired" });
    expect(await entry()).toMatchObject({ session: null, ended: { reason: "expired", subject: "ada" } });
    expect(await folder.text()).not.toContain("refresh-1");
    expect(await makeBackend().refresh(call())).toMatchObject({ kind: "ended", reason: "expired" });
    expect(server.refreshes).toHaveLength(1);
  });

  it("keeps the answer that came after its caller had given up, and lets nobody present the token meanwhile", async () => {
    const { server, makeBackend, store, entry } = await makeWorld();
    await store(server.issue(), { expired: true });
    let answerNow = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      server.answerNextRefresh(async () => {
        resolve();
        await new Promise<void>((answer) => {
          answerNow = answer;
        });
        return { status: 200, body: '{"access_token":"late","refresh_token":"refresh-1-2","expires_in":900}' };
      });
    });
    const impatient = new AbortController();
    const [first, second] = [makeBackend(), makeBackend()];
    const givenUp = first.refresh({ ...call(), signal: impatient.signal });
    await arrived;
    impatient.abort();
    // Another process, as patient as a process is.
    const other = second.refresh(call());
    // The same process, once more.
    const again = first.refresh(call());
    answerNow();
    for (const outcome of await Promise.all([givenUp, other, again])) {
      expect(outcome).toMatchObject({ kind: "token", answer: { accessToken: "late" } });
    }
    expect(server.refreshes).toEqual(["refresh-1-1"]);
    expect((await entry()).session?.refreshToken).toBe("refresh-1-2");
  });

  it("passes by a process that has been stopped for a minute in the middle of a refresh", async () => {
    const { server, makeBackend, store, folder } = await makeWorld();
    await store(server.issue(), { expired: true });
    const lockPath = `${folder.path}.exchange.lock`;
    // As such a process leaves it: it runs, and touches nothing.
    await writeFile(lockPath, `${createProcessMark().text}.some-word`, { mode: 0o600 });
    await expect(makeBackend().refresh({ ...call(), signal: AbortSignal.timeout(300) })).rejects.toThrow();
    expect(server.refreshes).toEqual([]);
    const longAgo = new Date(Date.now() - 61_000);
    await utimes(lockPath, longAgo, longAgo);
    expect(await makeBackend().refresh(call())).toMatchObject({ kind: "token" });
  });

  it("keeps an answer out of the file of somebody who has signed in meanwhile, and gives up that session", async () => {
    const { server, makeBackend, store, folder, address, entry } = await makeWorld();
    await store(server.issue(), { expired: true });
    const second = server.issue();
    server.answerNextRefresh(async () => {
      await folder.file.updateServer(address, () =>
        makeEntry({ ...second, accessTokenSentAt: Date.now(), accessTokenExpiresAt: Date.now() + 900_000 }),
      );
      return {
        status: 200,
        body: JSON.stringify({
          access_token: "late",
          refresh_token: "refresh-1-9",
          session: { id: "session-1", number: 1 },
        }),
      };
    });
    const outcome = await makeBackend().refresh(call());
    expect(outcome).toMatchObject({ kind: "token", answer: { accessToken: second.accessToken } });
    expect((await entry()).session?.id).toBe("session-2");
    await expect.poll(() => server.isRevoked("session-1")).toBe(true);
    expect(server.isRevoked("session-2")).toBe(false);
  });

  it("drops the answer when the session was signed out meanwhile", async () => {
    const { server, makeBackend, store, address, folder } = await makeWorld();
    await store(server.issue(), { expired: true });
    server.answerNextRefresh(async () => {
      await folder.file.updateServer(address, () => ({ session: null, ended: null, owed: [] }));
      return { status: 200, body: '{"access_token":"late","refresh_token":"refresh-1-9"}' };
    });
    expect(await makeBackend().refresh(call())).toMatchObject({ kind: "ended", reason: "none" });
    await expect.poll(async () => JSON.stringify(await folder.file.readServer(address))).not.toContain("refresh");
  });

  it("asks for nothing that it could not keep, and says why", async () => {
    const { server, makeBackend, store, folder, entry } = await makeWorld();
    await store(server.issue(), { expired: true });
    await chmod(folder.folder, 0o770);
    expect(await makeBackend().refresh(call())).toMatchObject({
      kind: "transient",
      error: { code: "sessionFileUnsafe" },
    });
    expect(server.refreshes).toEqual([]);
    await chmod(folder.folder, 0o700);
    expect((await entry()).session?.refreshToken).toBe("refresh-1-1");
  });

  it("keeps a rotated token that the disk refused, and writes it as soon as it can", async () => {
    const { server, makeBackend, store, folder, entry } = await makeWorld();
    await store(server.issue(), { expired: true });
    const backend = makeBackend();
    // The folder closes between the look and the write.
    const closing = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
      const response = await fetch(input, init);
      await chmod(folder.folder, 0o770);
      return response;
    };
    const refused = await backend.refresh({ ...call(), fetch: closing });
    expect(refused).toMatchObject({ kind: "transient", error: { code: "sessionFileUnsafe" } });
    await chmod(folder.folder, 0o700);
    expect((await entry()).session?.refreshToken).toBe("refresh-1-1");
    expect(await backend.refresh(call())).toMatchObject({ kind: "token" });
    expect((await entry()).session?.refreshToken).toBe("refresh-1-2");
    expect(server.refreshes).toEqual(["refresh-1-1"]);
  });

  it("takes a damaged file for no answer, never for nobody", async () => {
    const { makeBackend, folder } = await makeWorld();
    await writeFile(folder.path, "\0\0\0\0", { mode: 0o600 });
    expect(await makeBackend().refresh(call())).toMatchObject({
      kind: "transient",
      error: { code: "sessionFileDamaged" },
    });
  });
});

describe("a sign-out", () => {
  it("is so in the file at once, and the server is told with the refresh token", async () => {
    const { server, makeBackend, store, entry } = await makeWorld();
    const { id, number } = server.issue();
    await store({ id, number, refreshToken: "refresh-1-1", accessToken: "any" });
    await makeBackend().signOut({ id, number }, null, call());
    expect(await entry()).toEqual({ session: null, ended: null, owed: [] });
    expect(server.isRevoked("session-1")).toBe(true);
  });

  it("is owed while the server is not reached, and told by the next process", async () => {
    const { server, makeBackend, store, entry } = await makeWorld();
    const issued = server.issue();
    await store(issued);
    const unreachable = { ...call(), fetch: () => Promise.reject(new TypeError("fetch failed")) };
    await expect(makeBackend().signOut(issued, null, unreachable)).rejects.toThrow();
    expect(await entry()).toEqual({
      session: null,
      ended: null,
      owed: [{ id: "session-1", refreshToken: "refresh-1-1" }],
    });
    await makeBackend().signOut(issued, null, call());
    expect((await entry()).owed).toEqual([]);
    expect(server.isRevoked("session-1")).toBe(true);
  });

  it("ends the session that it names and never a newer one", async () => {
    const { server, makeBackend, store, entry } = await makeWorld();
    const [older, newer] = [server.issue(), server.issue()];
    await store(newer);
    await makeBackend().signOut({ id: older.id, number: older.number }, older.accessToken, call());
    expect((await entry()).session?.id).toBe("session-2");
    expect(server.isRevoked("session-2")).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "reaches the server even when the file cannot be changed, and says that it could not",
    async () => {
      const { server, makeBackend, store, folder } = await makeWorld();
      const issued = server.issue();
      await store(issued);
      await chown(folder.folder, 65_534, 65_534);
      onTestFinished(() => chown(folder.folder, 0, 0));
      await expect(makeBackend().signOut(issued, null, call())).rejects.toMatchObject({ code: "sessionFileUnsafe" });
      expect(server.isRevoked("session-1")).toBe(true);
    },
  );
});
