import { spawn } from "node:child_process";
import { readdir, writeFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takeFileLock } from "../../src/node/fileLock.ts";
import { createFileTabLock } from "../../src/node/fileTabLock.ts";
import { createProcessMark } from "../../src/node/processMark.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { runNode, startProgram } from "./support/runProgram.ts";
import { makeTemporaryFolder } from "./support/temporaryFolder.ts";

const never = new AbortController().signal;

describe("the lock between processes", () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await bundlePrograms(["test/node/programs/holdLock.ts", "test/node/programs/countUnderLock.ts"]);
  }, 60_000);
  afterAll(() => programs.remove());

  it("lets one process at a time work, and leaves nothing behind", async () => {
    const folder = await makeTemporaryFolder();
    const countPath = join(folder, "count");
    await writeFile(countPath, "0");
    const run = () => runNode(programs.pathOf("countUnderLock"), [join(folder, "lock"), countPath, "15"]);
    const outcomes = await Promise.all(Array.from({ length: 8 }, run));
    expect(outcomes.map(({ code, errors }) => ({ code, errors }))).toEqual(
      Array.from({ length: 8 }, () => ({ code: 0, errors: "" })),
    );
    expect(await readFile(countPath, "utf8")).toBe("120");
    expect(await readdir(folder)).toEqual(["count"]);
  }, 60_000);

  it("comes free when its holder is killed", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const holder = startProgram(process.execPath, [programs.pathOf("holdLock"), path]);
    await holder.printed("held");
    const waiting = takeFileLock(path, AbortSignal.timeout(20_000));
    holder.child.kill("SIGKILL");
    const held = await waiting;
    expect(held.waited).toBe(true);
    await held.release();
  }, 30_000);

  it("goes to one alone of many who see at once that its holder was killed", async () => {
    const folder = await makeTemporaryFolder();
    const countPath = join(folder, "count");
    await writeFile(countPath, "0");
    for (let round = 1; round <= 3; round += 1) {
      const holder = startProgram(process.execPath, [programs.pathOf("holdLock"), join(folder, "lock")]);
      await holder.printed("held");
      const run = () => runNode(programs.pathOf("countUnderLock"), [join(folder, "lock"), countPath, "3"]);
      const waiting = Array.from({ length: 6 }, run);
      holder.child.kill("SIGKILL");
      await Promise.all(waiting);
      expect(await readFile(countPath, "utf8")).toBe(String(round * 18));
    }
  }, 60_000);

  it("is not taken from a holder that stands still", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const holder = startProgram(process.execPath, [programs.pathOf("holdLock"), path]);
    await holder.printed("held");
    holder.child.kill("SIGSTOP");
    const patience = AbortSignal.timeout(300);
    await expect(takeFileLock(path, patience)).rejects.toMatchObject({ name: "TimeoutError" });
    holder.child.kill("SIGKILL");
    await (await takeFileLock(path, never)).release();
  }, 30_000);

  it("is taken from a process of an earlier start of the machine that had the same process id", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const [pid, , place] = createProcessMark().text.split("-");
    await writeFile(path, `${pid}-1-${place}.some-word`);
    await (await takeFileLock(path, never)).release();
  });

  it("is cleared after a dead holder by one process alone, also when that one dies at it", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const own = createProcessMark().text;
    const dead = own.replace(/-\d+-/, "-1-");
    await writeFile(path, `${dead}.holder`);
    // Somebody who runs is at it: until they are done, everybody else keeps their hands off.
    await writeFile(`${path}.${dead}.holder.clearing`, `${own}.clearer`);
    await expect(takeFileLock(path, AbortSignal.timeout(200))).rejects.toMatchObject({ name: "TimeoutError" });
    expect(await readFile(path, "utf8")).toBe(`${dead}.holder`);
    await writeFile(`${path}.${dead}.holder.clearing`, `${dead}.clearer`);
    await (await takeFileLock(path, never)).release();
  });

  it("keeps a waiting process alive by nothing of its own", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const held = await takeFileLock(path, never);
    // The second process waits for the lock with nothing else to do: Node reports the unsettled wait by exit code 13.
    const outcome = await runNode(programs.pathOf("holdLock"), [path]);
    expect(outcome.code).toBe(13);
    await held.release();
  }, 30_000);

  it("passes from one caller to the next in one process, in spite of a failing one", async () => {
    const folder = await makeTemporaryFolder();
    const lock = createFileTabLock({ pathOf: (name) => join(folder, name), ownFolder: false });
    const order: string[] = [];
    let fail = (): void => undefined;
    const first = lock.request("refresh", never, async (waited) => {
      order.push(`first ${waited}`);
      await new Promise<void>((_resolve, reject) => {
        fail = () => reject(new Error("it failed"));
      });
    });
    await expect.poll(() => order).toEqual(["first false"]);
    const second = lock.request("refresh", never, async () => {
      order.push("second");
      return 2;
    });
    fail();
    await expect(first).rejects.toThrow("it failed");
    expect(await second).toBe(2);
    expect(order).toEqual(["first false", "second"]);
    await expect.poll(() => readdir(folder)).toEqual([]);
  });

  it("is left by a caller who gives up, with the reason of the signal", async () => {
    const path = join(await makeTemporaryFolder(), "lock");
    const held = await takeFileLock(path, never);
    const patience = new AbortController();
    const waiting = takeFileLock(path, patience.signal);
    patience.abort(new Error("too long"));
    await expect(waiting).rejects.toThrow("too long");
    await held.release();
  });
});

describe("the mark of a process", () => {
  it("knows a running process, one that is gone, and one that it cannot know", async () => {
    const mark = createProcessMark();
    expect(mark.look(mark.text)).toBe("running");
    const child = spawn("true");
    const pid = child.pid ?? 0;
    await new Promise((resolve) => child.once("close", resolve));
    expect(mark.look(mark.text.replace(/^\d+/, String(pid)))).toBe("gone");
    expect(mark.look(mark.text.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")))).toBe("unknown");
    expect(mark.look("")).toBe("unknown");
  });
});
