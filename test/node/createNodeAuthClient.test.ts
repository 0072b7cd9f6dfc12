import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodeAuthClient } from "../../src/node.ts";
import { parseSessionFile } from "../../src/node/sessionFileFormat.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { runNode, startProgram } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { makeEntry } from "./support/storedSession.ts";
import { startStrictServer } from "./support/strictServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const killRounds = Number(process.env["STAY_SIGNED_IN_KILL_ROUNDS"] ?? 8);
const credentials = { username: account.email, password: account.password };

let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms(["test/node/programs/printToken.ts", "test/node/programs/refreshAgainAndAgain.ts"]);
}, 60_000);
afterAll(() => programs.remove());

describe("many processes with one session file", () => {
  // B095 https://github.com/anthropics/claude-code/issues/27933
  it("make one refresh between them: fifty at once, a spent access token, a server without grace", async () => {
    const server = await startStrictServer();
    const { path, file } = await makeSessionFolder();
    const issued = server.issue();
    const sentAt = Date.now() - 1_000_000;
    await file.updateServer(server.address, () =>
      makeEntry({ ...issued, accessTokenSentAt: sentAt, accessTokenExpiresAt: sentAt + 900_000, signedInAt: sentAt }),
    );
    const run = () => runNode(programs.pathOf("printToken"), [server.address, path]);
    const outcomes = await Promise.all(Array.from({ length: 50 }, run));
    // First, since more than one would explain all else.
    expect(server.refreshes).toEqual(["refresh-1-1"]);
    const failures = outcomes.filter(({ code }) => code !== 0).map(({ output, errors }) => output + errors);
    expect(failures).toEqual([]);
    const tokens = new Set(outcomes.map(({ output }) => output.trim()));
    expect(tokens.size).toBe(1);
    expect([...tokens].every((token) => server.isGood(token))).toBe(true);
    const { session } = await file.readServer(server.address);
    expect(session).toMatchObject({ refreshToken: "refresh-1-2", accessToken: [...tokens][0] });
  }, 180_000);

  it(
    `never lose the session when one of them is killed at any moment (${killRounds} rounds)`,
    async () => {
      const { address, server, countOf } = await startAuthServer({ accessTokenLifetimeSeconds: 2 });
      const { path, file } = await makeSessionFolder();
      const auth = createNodeAuthClient({ baseUrl: address, sessionFile: path });
      await auth.signIn(credentials);
      auth.dispose();
      for (let round = 0; round < killRounds; round += 1) {
        const victim = startProgram(process.execPath, [programs.pathOf("refreshAgainAndAgain"), address, path]);
        await victim.printed("refreshing");
        const others = [1, 2].map(() => runNode(programs.pathOf("printToken"), [address, path]));
        const until = performance.now() + Math.random() * 60;
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
        victim.child.kill("SIGKILL");
        await victim.done;
        for (const { code, output } of await Promise.all(others)) {
          expect({ code, output }).toMatchObject({ code: 0 });
        }
        expect(parseSessionFile(await readFile(path, "utf8"))).toHaveProperty([address]);
      }
      const survivor = createNodeAuthClient({ baseUrl: address, sessionFile: path });
      const stop = survivor.start();
      const { sessionId } = await server.verifyAccessToken(await survivor.getAccessToken());
      expect((await file.readServer(address)).session?.id).toBe(sessionId);
      expect(countOf("signedIn")).toBe(1);
      expect(countOf("reuseDetected")).toBe(0);
      stop();
      survivor.dispose();
    },
    60_000 + killRounds * 10_000,
  );
});

describe("the client of a process", () => {
  it("stays signed in from one process to the next, and needs no request while the access token is good", async () => {
    const { address, countOf } = await startAuthServer();
    const { path } = await makeSessionFolder();
    const first = createNodeAuthClient({ baseUrl: address, sessionFile: path });
    const identity = unchallenged(await first.signIn(credentials));
    const token = await first.getAccessToken();
    first.dispose();
    const requests: string[] = [];
    const second = createNodeAuthClient({
      baseUrl: address,
      sessionFile: path,
      fetch: (input, init) => {
        requests.push(input instanceof Request ? input.url : input.toString());
        return fetch(input, init);
      },
    });
    second.start();
    expect(await second.ready()).toMatchObject({ status: "authenticated", identity: { subject: identity.subject } });
    expect(await second.getAccessToken()).toBe(token);
    expect(requests).toEqual([]);
    await second.refresh();
    expect(requests).toEqual([`${address}/jwt/refresh?optional=1`]);
    expect(await second.getAccessToken()).not.toBe(token);
    expect(countOf("refreshed")).toBe(1);
    second.dispose();
  });

  it("knows how old the stored access token is, and renews one that is not good for as long as asked", async () => {
    const { address, countOf } = await startAuthServer();
    const { path, file } = await makeSessionFolder();
    const first = createNodeAuthClient({ baseUrl: address, sessionFile: path });
    await first.signIn(credentials);
    first.dispose();
    const { session } = await file.updateServer(address, (entry) => ({
      ...entry,
      session: entry.session && {
        ...entry.session,
        accessTokenSentAt: entry.session.accessTokenSentAt - 600_000,
        accessTokenExpiresAt: (entry.session.accessTokenExpiresAt ?? 0) - 600_000,
      },
    }));
    const second = createNodeAuthClient({ baseUrl: address, sessionFile: path });
    second.start();
    expect(await second.getAccessToken({ minValidityMs: 240_000 })).toBe(session?.accessToken);
    expect(countOf("refreshed")).toBe(0);
    // The last one is more than this server gives: its newest token is what there is.
    for (const minValidityMs of [600_000, 600_000, 3_600_000]) {
      expect(await second.getAccessToken({ minValidityMs })).not.toBe(session?.accessToken);
    }
    expect(countOf("refreshed")).toBe(1);
    second.dispose();
  });

  it("gets a new token for one that a server rejected, once for all who bring it", async () => {
    const server = await startStrictServer();
    const { path } = await makeSessionFolder();
    const auth = createNodeAuthClient({ baseUrl: server.address, sessionFile: path });
    await auth.signIn(credentials);
    const rejectedToken = await auth.getAccessToken();
    const tokens = await Promise.all(Array.from({ length: 5 }, () => auth.getAccessToken({ rejectedToken })));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(rejectedToken);
    expect(server.refreshes).toHaveLength(1);
    auth.dispose();
  });

  it("signs out on the server and in the file", async () => {
    const { address, countOf } = await startAuthServer();
    const { path, file } = await makeSessionFolder();
    const auth = createNodeAuthClient({ baseUrl: address, sessionFile: path });
    auth.start();
    await auth.signIn(credentials);
    await auth.signOut();
    expect(await file.read()).toEqual({});
    expect(countOf("sessionEnded")).toBe(1);
    auth.dispose();
  });

  it("says of a damaged file that it is damaged, and signs in over it", async () => {
    const { address } = await startAuthServer();
    const { path, file } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    const damaged = (await readFile(path, "utf8")).slice(0, 40);
    await writeFile(path, damaged);
    const auth = createNodeAuthClient({ baseUrl: address, sessionFile: path });
    auth.start();
    await expect(auth.getAccessToken()).rejects.toMatchObject({ name: "SessionFileError", code: "sessionFileDamaged" });
    expect(await readFile(path, "utf8")).toBe(damaged);
    await auth.signIn(credentials);
    expect((await file.readServer(address)).session).not.toBeNull();
    auth.dispose();
  });

  it("speaks https, or http to this machine, and takes no address that is none", () => {
    for (const baseUrl of [
      "https://api.example/v1/auth",
      "http://localhost:3000/v1/auth",
      "http://127.0.0.1/a",
      "http://[::1]:80/a",
    ]) {
      createNodeAuthClient({ baseUrl }).dispose();
    }
    for (const baseUrl of [
      "http://api.example/v1/auth",
      "http://127.0.0.1.example/a",
      "http://localhost.example/",
      "/v1/auth",
      "ftp://a/b",
      "https://user:secret@api.example/",
      "https://api.example/?a=1",
    ]) {
      expect(() => createNodeAuthClient({ baseUrl })).toThrow(expect.objectContaining({ code: "invalidOptions" }));
      expect(() => createNodeAuthClient({ baseUrl })).not.toThrow(/secret/);
    }
    createNodeAuthClient({ baseUrl: "http://api.example/v1/auth", dangerouslyAllowHttp: true }).dispose();
  });

  it("sends a token to the address that issued it and to no other", async () => {
    const [one, two] = [await startStrictServer(), await startStrictServer()];
    const { path } = await makeSessionFolder();
    const first = createNodeAuthClient({ baseUrl: one.address, sessionFile: path });
    await first.signIn(credentials);
    const second = createNodeAuthClient({ baseUrl: two.address, sessionFile: path });
    second.start();
    expect(await second.ready()).toMatchObject({ status: "unauthenticated" });
    await expect(second.getAccessToken()).rejects.toMatchObject({ code: "sessionEnded" });
    expect(two.refreshes.filter((presented) => presented !== "")).toEqual([]);
    first.dispose();
    second.dispose();
  });
});
