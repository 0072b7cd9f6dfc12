import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodeAuthClient } from "../../src/node.ts";
import { bundlePrograms, type Programs } from "../node/support/bundleProgram.ts";
import { runNode, runProgram, startProgram } from "../node/support/runProgram.ts";
import { makeSessionFolder } from "../node/support/sessionFolder.ts";
import { makeEntry } from "../node/support/storedSession.ts";
import { startStrictServer } from "../node/support/strictServer.ts";
import { findPython } from "./support/findPython.ts";
import { preparePythonPackage } from "./support/pythonEnvironment.ts";

const python = await findPython();

describe.skipIf(python === null)("Node and Python processes with one session file (needs Python 3.11)", () => {
  let programs: Programs;
  let command: string;

  beforeAll(async () => {
    command = await preparePythonPackage(python ?? "");
    programs = await bundlePrograms(
      ["printToken", "holdLock", "countUnderLock"].map((name) => `test/node/programs/${name}.ts`),
    );
  });

  afterAll(() => programs?.remove());

  const runPython = (code: string, ...words: string[]) => runProgram(command, ["-c", code, ...words]);
  const printToken =
    "import sys; from stay_signed_in import Session; " +
    "print(Session(sys.argv[1], session_file=sys.argv[2], timeout=60).access_token())";

  it("make one refresh between them: twenty of each at once, a spent access token, a server without grace", async () => {
    const server = await startStrictServer();
    const { path, file, mode, names } = await makeSessionFolder();
    const sentAt = Date.now() - 1_000_000;
    const spent = { accessTokenSentAt: sentAt, accessTokenExpiresAt: sentAt + 900_000, signedInAt: sentAt };
    await file.updateServer(server.address, () => makeEntry({ ...server.issue(), ...spent }));
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => [
        runNode(programs.pathOf("printToken"), [server.address, path]),
        runPython(printToken, server.address, path),
      ]).flat(),
    );
    // First, since more than one would explain all else.
    expect(server.refreshes).toEqual(["refresh-1-1"]);
    expect(outcomes.filter(({ code }) => code !== 0).map(({ output, errors }) => output + errors)).toEqual([]);
    const tokens = new Set(outcomes.map(({ output }) => output.trim()));
    expect(tokens.size).toBe(1);
    expect([...tokens].every((token) => server.isGood(token))).toBe(true);
    expect((await file.readServer(server.address)).session).toMatchObject({ refreshToken: "refresh-1-2" });
    expect(await mode()).toBe("600");
    expect((await names()).filter((name) => /\.(lock|claim|tmp|clearing)$/.test(name))).toEqual([]);
  }, 240_000);

  it("sign in, go on and sign out for each other", async () => {
    const server = await startStrictServer();
    const { path, file } = await makeSessionFolder();
    const signIn = "import sys; from stay_signed_in import Session; Session(sys.argv[1], session_file=sys.argv[2])";
    expect(await runPython(`${signIn}.sign_in('ada', 'correct horse')`, server.address, path)).toMatchObject({
      code: 0,
    });
    const auth = createNodeAuthClient({ baseUrl: server.address, sessionFile: path });
    const token = await auth.getAccessToken();
    expect(server.isGood(token)).toBe(true);
    expect((await runPython(printToken, server.address, path)).output.trim()).toBe(token);
    await auth.signOut();
    const ended = await runPython(printToken, server.address, path);
    expect(ended.errors).toContain(`python -m stay_signed_in login --url ${server.address}`);
    expect(server.paths).not.toContain("/guest");
    auth.dispose();
    expect((await file.readServer(server.address)).session).toBeNull();
  });

  it("take over the lock of one that was killed, of either kind", async () => {
    const { folder } = await makeSessionFolder();
    const lock = join(folder, "sessions.json.lock");
    const take =
      "import sys; from stay_signed_in.client.file_lock import file_lock\n" +
      "with file_lock(sys.argv[1], 20): print('held', flush=True); sys.stdin.read()";
    const inNode = startProgram(process.execPath, [programs.pathOf("holdLock"), lock]);
    await inNode.printed("held");
    inNode.child.kill("SIGKILL");
    // Until it is waited for, a killed process is still there.
    await inNode.done;
    const inPython = startProgram(command, ["-c", take, lock], { isInteractive: true });
    await inPython.printed("held");
    inPython.child.kill("SIGKILL");
    await inPython.done;
    const count = join(folder, "count");
    await writeFile(count, "0");
    expect(await runNode(programs.pathOf("countUnderLock"), [lock, count, "1"])).toMatchObject({ code: 0 });
    expect(await readFile(count, "utf8")).toBe("1");
  });

  it("wait for each other's lock while its holder runs", async () => {
    const { folder } = await makeSessionFolder();
    const lock = join(folder, "sessions.json.lock");
    const holder = startProgram(process.execPath, [programs.pathOf("holdLock"), lock]);
    await holder.printed("held");
    const wait =
      "import sys; from stay_signed_in.client.file_lock import file_lock\nwith file_lock(sys.argv[1], 1): pass";
    const outcome = await runPython(wait, lock);
    expect(outcome.errors).toContain("LockTimeoutError");
    holder.child.kill("SIGKILL");
    await holder.done;
  });
});
