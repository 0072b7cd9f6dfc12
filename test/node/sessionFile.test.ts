import { readFileSync, readdirSync, statSync } from "node:fs";
import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createSessionFile } from "../../src/node/sessionFile.ts";
import { formatSessionFile, parseSessionFile } from "../../src/node/sessionFileFormat.ts";
import { findSessionFile } from "../../src/node/sessionFilePath.ts";
import { createProcessMark } from "../../src/node/processMark.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { runProgram, startProgram } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { address, makeEntry, makeStoredSession } from "./support/storedSession.ts";
import { makeTemporaryFolder } from "./support/temporaryFolder.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const killRounds = Number(process.env["STAY_SIGNED_IN_KILL_ROUNDS"] ?? 12);

describe("the session file", () => {
  it("keeps one entry for each server and leaves the others as they are", async () => {
    const { file, names } = await makeSessionFolder();
    const other = "http://127.0.0.1:3000/v1/auth";
    await file.updateServer(address, () => makeEntry());
    await file.updateServer(other, () => makeEntry({ subject: "grace" }));
    await file.updateServer(address, (entry) => ({ ...entry, session: makeStoredSession({ number: 2 }) }));
    expect((await file.readServer(address)).session?.number).toBe(2);
    expect((await file.readServer(other)).session?.subject).toBe("grace");
    await file.updateServer(address, () => ({ session: null, ended: null, owed: [] }));
    expect(Object.keys(await file.read())).toEqual([other]);
    expect(await names()).toEqual(["sessions.json"]);
  });

  it("loses no entry when several change it at once", async () => {
    const { file, path } = await makeSessionFolder();
    const second = createSessionFile({ path, ownFolder: false });
    const servers = Array.from({ length: 12 }, (_, index) => `https://server-${index}.example/v1/auth`);
    await Promise.all(
      servers.map((server, index) =>
        (index % 2 ? file : second).updateServer(server, () => makeEntry({ number: index })),
      ),
    );
    expect(Object.keys(await file.read()).sort()).toEqual(servers.sort());
  });

  it("is not written when nothing changes", async () => {
    const { file, path } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    const { ino } = await stat(path);
    await file.updateServer(address, (entry) => entry);
    expect((await stat(path)).ino).toBe(ino);
  });

  it("takes what is not session data for damaged, never for empty", () => {
    const whole = formatSessionFile({ [address]: makeEntry() });
    const damaged = ["", "\0".repeat(64), '{"refr', "[]", "null", '{"version":1}', '{"version":1,"servers":{"a":{}}}'];
    for (const text of [...damaged, whole.slice(0, -10), whole.replace('"refresh-1"', "17")]) {
      expect(parseSessionFile(text)).toBe("damaged");
    }
    expect(parseSessionFile(whole)).toEqual({ [address]: makeEntry() });
    expect(parseSessionFile('{"version":2,"anything":true}')).toBe("tooNew");
  });
});

describe("a file that cannot be used", () => {
  // B101 https://github.com/smithersai/smithers/issues/743
  // B102 https://github.com/openclaw/openclaw/pull/88029
  it("is reported when damaged, left as it is, and kept beside by the next sign-in", async () => {
    for (const damage of ['{"refr', "\0".repeat(4_096), ""]) {
      const { file, path, folder, names } = await makeSessionFolder();
      await writeFile(path, damage, { mode: 0o600 });
      await expect(file.read()).rejects.toMatchObject({ code: "sessionFileDamaged" });
      await expect(file.updateServer(address, () => makeEntry())).rejects.toMatchObject({ code: "sessionFileDamaged" });
      expect(await readFile(path, "utf8")).toBe(damage);
      await file.updateServer(address, () => makeEntry(), { replaceDamaged: true });
      expect(await file.readServer(address)).toEqual(makeEntry());
      const kept = (await names()).filter((name) => /^sessions\.json\.corrupt-\d{4}-/.test(name));
      expect(kept).toHaveLength(1);
      expect(await readFile(join(folder, kept[0] ?? ""), "utf8")).toBe(damage);
      expect((await stat(join(folder, kept[0] ?? ""))).mode & 0o777).toBe(0o600);
    }
  });

  it("is not touched when a newer version wrote it, not even by a sign-in", async () => {
    const { file, path, text, names } = await makeSessionFolder();
    const newer = '{"version":7,"servers":[]}';
    await writeFile(path, newer, { mode: 0o600 });
    await expect(file.read()).rejects.toMatchObject({
      code: "sessionFileTooNew",
      message: expect.stringContaining("newer"),
    });
    const change = file.updateServer(address, () => makeEntry(), { replaceDamaged: true });
    await expect(change).rejects.toMatchObject({ code: "sessionFileTooNew" });
    expect(await text()).toBe(newer);
    expect(await names()).toEqual(["sessions.json"]);
  });

  it("is refused when it is a link, and what it points to is not touched", async () => {
    const { file, path, folder } = await makeSessionFolder();
    const target = join(folder, "elsewhere");
    await writeFile(target, formatSessionFile({ [address]: makeEntry() }), { mode: 0o600 });
    await symlink(target, path);
    await expect(file.read()).rejects.toMatchObject({
      code: "sessionFileUnsafe",
      message: expect.stringContaining("link"),
    });
    const change = file.updateServer(address, () => makeEntry({ number: 2 }), { replaceDamaged: true });
    await expect(change).rejects.toMatchObject({ code: "sessionFileUnsafe" });
    expect(await readFile(target, "utf8")).toContain('"number": 1');
  });

  it("is refused when it is a folder or a named pipe, without waiting for anybody", async () => {
    const { file, path } = await makeSessionFolder();
    await mkdir(path);
    await expect(file.read()).rejects.toMatchObject({ code: "sessionFileUnsafe" });
    const piped = await makeSessionFolder();
    await runProgram("mkfifo", ["-m", "600", piped.path]);
    await expect(piped.file.read()).rejects.toMatchObject({ code: "sessionFileUnsafe" });
  });

  it("is refused when others may read it, with the command that closes it", async () => {
    const { file, path } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(path, mode);
      const refusal = { code: "sessionFileUnsafe", message: expect.stringContaining(`chmod 600 ${path}`) };
      await expect(file.read()).rejects.toMatchObject(refusal);
      await expect(file.updateServer(address, () => makeEntry({ number: 2 }))).rejects.toMatchObject(refusal);
    }
    await chmod(path, 0o600);
    expect((await file.readServer(address)).session?.number).toBe(1);
  });

  it("is refused in a folder in which others can put another file in its place", async () => {
    const { file, folder } = await makeSessionFolder();
    await chmod(folder, 0o770);
    const change = file.updateServer(address, () => makeEntry());
    await expect(change).rejects.toMatchObject({ code: "sessionFileUnsafe", message: expect.stringContaining("go-w") });
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(!isRoot)("is refused when it belongs to somebody else", async () => {
    const { file, path } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    await chown(path, nobody, nobody);
    await expect(file.read()).rejects.toMatchObject({
      code: "sessionFileUnsafe",
      message: expect.stringContaining("another user"),
    });
  });

  it("names the path and the remedy and nothing of what stands in it", async () => {
    const { file, path } = await makeSessionFolder();
    const damaged = formatSessionFile({ [address]: makeEntry() }).slice(0, -4);
    await writeFile(path, damaged, { mode: 0o600 });
    const error: Error = await file.read().then(
      () => new Error("it was read"),
      (reason: Error) => reason,
    );
    expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toMatch(/refresh-1|access-1/);
    expect(error.message).toContain(path);
  });
});

describe("writing the session file", () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await bundlePrograms(["test/node/programs/writeSessions.ts"]);
  }, 60_000);
  afterAll(() => programs.remove());

  const write = (path: string, first: number, last: number, before = "", options: { uid?: number } = {}) =>
    runProgram(
      "bash",
      [
        "-c",
        `${before} exec "$0" "$@"`,
        process.execPath,
        programs.pathOf("writeSessions"),
        path,
        address,
        `${first}`,
        `${last}`,
      ],
      options,
    );

  // B099 https://github.com/railwayapp/cli/issues/1027
  it("is never open to others, whatever the umask, in no moment of any write", async () => {
    const { folder, path, mode } = await makeSessionFolder();
    await writeFile(path, formatSessionFile({}), { mode: 0o600 });
    const writing = write(path, 1, 60, "umask 000;");
    let done = false;
    const finished = writing.finally(() => {
      done = true;
    });
    const seen = new Map<string, number>();
    while (!done) {
      for (const name of readdirSync(folder)) {
        try {
          const seenMode = statSync(join(folder, name)).mode & 0o777;
          seen.set(name.replace(/\..*\./, ".*."), (seen.get(name.replace(/\..*\./, ".*.")) ?? 0) | seenMode);
        } catch {
          // Gone between the two looks.
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await finished).code).toBe(0);
    expect([...seen.keys()].some((name) => name.endsWith(".tmp"))).toBe(true);
    expect([...seen.values()].map((seenMode) => seenMode.toString(8))).toEqual([...seen].map(() => "600"));
    expect(await mode()).toBe("600");
  }, 60_000);

  it("makes its folder 0700, and closes one of its own that was open", async () => {
    const parent = await makeTemporaryFolder();
    const folder = join(parent, "config", "stay-signed-in");
    const file = createSessionFile({ path: join(folder, "sessions.json"), ownFolder: true });
    await file.updateServer(address, () => makeEntry());
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await chmod(folder, 0o755);
    await file.updateServer(address, () => makeEntry({ number: 2 }));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  // B101 https://github.com/smithersai/smithers/issues/743
  it(
    `leaves a whole file, the old one or the new one, when the writer is killed at any moment (${killRounds} rounds)`,
    async () => {
      const { path, file, names } = await makeSessionFolder();
      await file.updateServer(address, () => makeEntry({ number: 1 }));
      let last = 1;
      for (let round = 0; round < killRounds; round += 1) {
        const writer = startProgram(process.execPath, [
          programs.pathOf("writeSessions"),
          path,
          address,
          String(last + 1),
        ]);
        await writer.printed("writing");
        // At another point of the write in each round.
        const until = performance.now() + Math.random() * 30;
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
        writer.child.kill("SIGKILL");
        await writer.done;
        const { session } = await file.readServer(address);
        expect(session?.number).toBeGreaterThan(last);
        expect(session?.refreshToken).toBe(`refresh-${session?.number}-${"x".repeat(2_000)}`);
        last = session?.number ?? 0;
      }
      await file.updateServer(address, () => makeEntry({ number: last + 1 }));
      // Nothing that a killed writer left beside the file outlives the next write.
      expect(await names()).toEqual(["sessions.json"]);
    },
    30_000 + killRounds * 2_000,
  );

  it("finds the old file whole when the power failed between write and rename, and clears away the rest", async () => {
    const { path, file, names } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry({ number: 1 }));
    const [, start, place] = createProcessMark().text.split("-");
    const ended = startProgram("true", []);
    await ended.done;
    await writeFile(`${path}.${ended.child.pid}-${start}-${place}.some-word.tmp`, '{"version":1,"serv', {
      mode: 0o600,
    });
    expect((await file.readServer(address)).session?.number).toBe(1);
    await file.updateServer(address, () => makeEntry({ number: 2 }));
    expect(await names()).toEqual(["sessions.json"]);
  });

  // B102 https://github.com/openclaw/openclaw/pull/88029
  it("says that the disk takes no more, and keeps the old file to the byte", async () => {
    const { path, file, hash, names } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    const before = await hash();
    // A file size limit of 1 KB: the lock can be written, the session file cannot.
    const outcome = await write(path, 2, 2, "trap '' XFSZ; ulimit -f 1;");
    expect(outcome.output).toContain("SessionFileError sessionFileUnwritable");
    expect(outcome.output).toContain("EFBIG");
    expect(outcome.output).not.toContain("refresh-2");
    expect(outcome.code).toBe(9);
    expect(await hash()).toBe(before);
    expect(await names()).toEqual(["sessions.json"]);
  }, 30_000);

  // B102 https://github.com/openclaw/openclaw/pull/88029
  it.skipIf(!isRoot)(
    "keeps the old file to the byte on a disk that is full",
    async (context) => {
      const folder = await makeTemporaryFolder();
      const mounted = await runProgram("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder]);
      if (mounted.code !== 0) return context.skip("this system lets nobody mount");
      onTestFinished(async () => {
        await runProgram("umount", [folder]);
      });
      const path = join(folder, "sessions.json");
      const file = createSessionFile({ path, ownFolder: false });
      await file.updateServer(address, () => makeEntry());
      const before = readFileSync(path);
      // Leaves room for the lock's page and none for the session's.
      await runProgram("bash", ["-c", `head -c 53248 /dev/zero > ${folder}/ballast; true`]);
      const refusal = { code: "sessionFileUnwritable", message: expect.stringContaining("no space is left") };
      await expect(file.assertWritable(address)).rejects.toMatchObject(refusal);
      const large = makeEntry({ number: 2, refreshToken: "x".repeat(20_000) });
      await expect(file.updateServer(address, () => large)).rejects.toMatchObject(refusal);
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(readdirSync(folder)).toEqual(["ballast", "sessions.json"]);
    },
    30_000,
  );

  it("says that the folder is read-only, and keeps the old file to the byte", async () => {
    const { path, folder, file, hash } = await makeSessionFolder();
    await file.updateServer(address, () => makeEntry());
    const before = await hash();
    if (isRoot) {
      await chown(folder, nobody, nobody);
      await chown(path, nobody, nobody);
      await chmod(programs.folder, 0o755);
    }
    await chmod(folder, 0o500);
    onTestFinished(() => chmod(folder, 0o700));
    const outcome = await write(path, 2, 2, "", isRoot ? { uid: nobody } : {});
    expect(outcome.output).toContain("SessionFileError sessionFileUnwritable");
    expect(outcome.output).toContain("EACCES");
    expect(await hash()).toBe(before);
  }, 30_000);

  it.skipIf(!isRoot)(
    "says that the file system is read-only, and keeps the old file to the byte",
    async (context) => {
      const { path, folder, file, hash } = await makeSessionFolder();
      await file.updateServer(address, () => makeEntry());
      const before = await hash();
      const bound = await runProgram("bash", [
        "-c",
        `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`,
      ]);
      onTestFinished(async () => {
        await runProgram("umount", [folder]);
      });
      if (bound.code !== 0) return context.skip("this system lets nobody mount");
      const refusal = { code: "sessionFileUnwritable", message: expect.stringContaining("read-only") };
      await expect(file.assertWritable(address)).rejects.toMatchObject(refusal);
      await expect(file.updateServer(address, () => makeEntry({ number: 2 }))).rejects.toMatchObject(refusal);
      expect((await file.readServer(address)).session?.number).toBe(1);
      expect(await hash()).toBe(before);
      expect(path).toContain(folder);
    },
    30_000,
  );
});

describe("where the session file lies", () => {
  it("is what the caller names, then what the environment names, then the folder for configuration", () => {
    const named = findSessionFile("/srv/app/session.json", { STAY_SIGNED_IN_SESSION_FILE: "/elsewhere.json" });
    expect(named).toEqual({ path: "/srv/app/session.json", ownFolder: false });
    expect(findSessionFile(undefined, { STAY_SIGNED_IN_SESSION_FILE: "/elsewhere.json" }).path).toBe("/elsewhere.json");
    const usual = findSessionFile(undefined, {});
    expect(usual.path).toMatch(/[\\/]stay-signed-in[\\/](Config[\\/])?sessions\.json$/);
    expect(usual.ownFolder).toBe(true);
  });
});
