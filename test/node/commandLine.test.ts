import { chmod, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommandLine } from "../../src/node/cli/runCommandLine.ts";
import type { SessionStore } from "../../src/node/sessionStore.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { type RunOptions, runProgram, startProgram } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { startStrictServer } from "./support/strictServer.ts";

let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms(["src/node/bin.ts"]);
}, 60_000);
afterAll(() => programs.remove());

async function makeWorld(options: Parameters<typeof startAuthServer>[0] = {}) {
  const running = await startAuthServer(options);
  const folder = await makeSessionFolder();
  const env = { ...process.env, STAY_SIGNED_IN_URL: running.address, STAY_SIGNED_IN_SESSION_FILE: folder.path };
  const start = (words: string[], { env: more, ...rest }: RunOptions = {}) =>
    startProgram(process.execPath, [programs.pathOf("bin"), ...words], { env: { ...env, ...more }, ...rest });
  const run = (words: string[], runOptions?: RunOptions) => start(words, runOptions).done;
  const signIn = () =>
    run(["login", "--username", account.email, "--password-stdin"], { input: `${account.password}\n` });
  return { ...running, ...folder, env, start, run, signIn };
}

/** Lets the stored access token have been issued so much earlier. */
function age(file: SessionStore, address: string, byMs: number) {
  return file.updateServer(address, ({ session, ...entry }) => ({
    ...entry,
    session: session && {
      ...session,
      accessTokenSentAt: session.accessTokenSentAt - byMs,
      accessTokenExpiresAt: (session.accessTokenExpiresAt ?? 0) - byMs,
    },
  }));
}

describe("stay-signed-in", () => {
  it("binds the session to a key where it is asked to, and says so", async () => {
    const { run, address, file, countOf } = await makeWorld({ sessionBinding: "required" });
    const login = ["login", "--username", account.email, "--password-stdin"];
    const password = { input: `${account.password}\n` };
    const refused = await run(login, password);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining("login --bind-session") });
    expect((await run([...login, "--bind-session", "elsewhere"], password)).code).toBe(2);
    const signedIn = await run([...login, "--bind-session"], password);
    expect(signedIn).toMatchObject({ code: 0, errors: `Signed in as ${account.email} at ${address}.\n` });
    await age(file, address, 901_000);
    expect((await run(["token"])).code).toBe(0);
    expect((await run(["status"])).output).toMatch(/; the session is bound to a key\.\n$/);
    expect(JSON.parse((await run(["status", "--json"])).output)).toMatchObject({ isBound: true });
    expect((await run(["sessions"])).output).toMatch(/^\* .+ \(bound to a key\)$/m);
    expect((await run(["logout"])).code).toBe(0);
    expect([countOf("refreshed"), countOf("proofRefused")]).toEqual([1, 0]);
  }, 30_000);

  it("says that a server binds no sessions, and goes on without", async () => {
    const { run } = await makeWorld();
    const login = ["login", "--bind-session", "--username", account.email, "--password-stdin"];
    const signedIn = await run(login, { input: `${account.password}\n` });
    expect(signedIn).toMatchObject({ code: 0, errors: expect.stringContaining("binds no sessions to keys") });
    expect(JSON.parse((await run(["status", "--json"])).output)).toMatchObject({ isBound: false });
  });

  it("signs in with a password from standard input, says who it is, prints a good token, signs out", async () => {
    const { run, signIn, server, address, mode, names, countOf } = await makeWorld();
    const signedIn = await signIn();
    expect(signedIn).toMatchObject({ code: 0, output: "", errors: `Signed in as ${account.email} at ${address}.\n` });
    // B099 https://github.com/railwayapp/cli/issues/1027
    expect(await mode()).toBe("600");

    const shown = await run(["status", "--json"]);
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.output)).toMatchObject({
      status: "authenticated",
      email: account.email,
      verified: true,
      isGuest: false,
    });
    expect((await run(["status"])).output).toContain(`Signed in as ${account.email} at ${address}`);

    const printed = await run(["token"]);
    expect(printed).toMatchObject({ code: 0, errors: "" });
    await server.verifyAccessToken(printed.output.trim());

    expect(await run(["logout"])).toMatchObject({ code: 0, output: "", errors: `Signed out at ${address}.\n` });
    expect(countOf("sessionEnded")).toBe(1);
    expect(await run(["token"])).toMatchObject({ code: 3, output: "" });
    expect(await run(["status"])).toMatchObject({ code: 3 });
    expect(await run(["logout"])).toMatchObject({ code: 0, errors: `Nobody was signed in at ${address}.\n` });
    expect((await names()).filter((name) => /lock|tmp|claim/.test(name))).toEqual([]);
  }, 60_000);

  it("signs in by a device code that somebody approves elsewhere", async () => {
    const { start, run, address, server } = await makeWorld();
    const token = async (): Promise<string> => {
      const form = new URLSearchParams({ username: account.email, password: account.password });
      const answer = await fetch(`${address}/jwt/login`, {
        method: "POST",
        body: form,
        headers: { "Auth-Transport": "body" },
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    };
    const login = start(["login"]);
    await login.printed("Waiting for the approval");
    const userCode = login.errorsSoFar().match(/[B-Z]{4}-[B-Z]{4}/)?.[0];
    const approved = await fetch(`${address}/device/approve`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await token()}`, "Content-Type": "application/json" },
      body: JSON.stringify({ user_code: userCode, password: account.password }),
    });
    expect(approved.status).toBe(204);
    const outcome = await login.done;
    expect(outcome).toMatchObject({ code: 0, output: "" });
    expect(outcome.errors).toContain(`Signed in as ${account.email}`);
    expect(outcome.errors).not.toContain("\u001b");
    await server.verifyAccessToken((await run(["token"])).output.trim());
  }, 60_000);

  it("ends a waiting sign-in on Ctrl-C", async () => {
    const { start, names } = await makeWorld();
    const login = start(["login", "--no-browser"]);
    await login.printed("Waiting for the approval");
    login.child.kill("SIGINT");
    expect(await login.done).toMatchObject({ code: 130, output: "" });
    expect(await names()).not.toContain("sessions.json");
  }, 30_000);

  it("tells each failure by its exit code, in one sentence", async () => {
    const { run, path, signIn, address } = await makeWorld();
    const wrong = await run(["login", "--username", account.email, "--password-stdin"], { input: "not the password" });
    expect(wrong).toMatchObject({ code: 6, output: "" });
    expect(wrong.errors).toMatch(/^stay-signed-in: .+\n$/);
    expect(wrong.errors).not.toContain("not the password");
    expect(await run(["login", "--username", account.email])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("--password-stdin"),
    });
    expect(await run(["no-such-command"])).toMatchObject({ code: 2 });
    expect(await run(["token", "--min-validity", "soon"])).toMatchObject({ code: 2 });
    expect(await run(["token", "--url", "http://api.example/v1/auth"])).toMatchObject({ code: 2 });
    expect(await run(["token", "--url", "http://127.0.0.1:9/v1/auth"])).toMatchObject({ code: 3 });
    await signIn();
    const gone = "http://127.0.0.1:9/v1/auth";
    const content = await readFile(path, "utf8");
    await writeFile(
      path,
      content.replaceAll(address, gone).replace(/"accessTokenExpiresAt": \d+/, '"accessTokenExpiresAt": 1'),
    );
    expect(await run(["token", "--url", gone])).toMatchObject({ code: 4, output: "" });
    expect(await run(["status", "--url", gone])).toMatchObject({ code: 4 });
    expect(await run(["status", "--offline", "--url", gone])).toMatchObject({ code: 0 });
    await chmod(path, 0o644);
    expect(await run(["token"])).toMatchObject({ code: 5, errors: expect.stringContaining("chmod 600") });
  }, 60_000);

  // B101 https://github.com/smithersai/smithers/issues/743
  // B102 https://github.com/openclaw/openclaw/pull/88029
  it("says that the session file is damaged, keeps it, and signs in over it", async () => {
    const { run, signIn, path, folder, text } = await makeWorld();
    await writeFile(path, '{"refr', { mode: 0o600 });
    for (const words of [["token"], ["status"], ["logout"]]) {
      expect(await run(words)).toMatchObject({ code: 5, output: "", errors: expect.stringContaining("damaged") });
    }
    expect(await text()).toBe('{"refr');
    expect(await signIn()).toMatchObject({ code: 0 });
    const kept = (await readdir(folder)).find((name) => name.includes(".corrupt-"));
    expect(await readFile(join(folder, kept ?? ""), "utf8")).toBe('{"refr');
    expect(await run(["token"])).toMatchObject({ code: 0 });
  }, 60_000);

  // B096 https://github.com/clerk/cli/pull/213
  it("says that a session is over, and how to sign in", async () => {
    const server = await startStrictServer();
    const { run, file } = await makeWorld();
    const strict = ["--url", server.address];
    await run(["login", "--username", "ada", "--password-stdin", ...strict], { input: "any" });
    await age(file, server.address, 600_000);
    server.answerNextRefresh(() => ({ status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' }));
    expect(await run(["token", "--min-validity", "10m", ...strict])).toMatchObject({
      code: 3,
      output: "",
      errors: `stay-signed-in: The session at ${server.address} has expired. Sign in with: stay-signed-in login --url ${server.address}\n`,
    });
    const shown = await run(["status", ...strict]);
    expect(shown).toMatchObject({ code: 3, output: expect.stringContaining("has expired") });
    expect(shown.output).toContain(`stay-signed-in login --url ${server.address}`);
    expect(JSON.parse((await run(["status", "--json", ...strict])).output)).toMatchObject({
      status: "unauthenticated",
      reason: "expired",
    });
  }, 60_000);

  it("renews a token that is not good for as long as asked, and says when the server gives none that is", async () => {
    const { run, signIn, countOf, file, address } = await makeWorld();
    await signIn();
    await age(file, address, 600_000);
    const first = (await run(["token", "--min-validity", "4m"])).output;
    expect((await run(["token", "--min-validity", "4m"])).output).toBe(first);
    expect(countOf("refreshed")).toBe(0);
    const renewed = await run(["token", "--min-validity", "10m"]);
    expect(renewed).toMatchObject({ code: 0, errors: "" });
    expect(renewed.output).not.toBe(first);
    expect(countOf("refreshed")).toBe(1);
    const tooLong = await run(["token", "--min-validity", "2h"]);
    expect(tooLong).toMatchObject({ code: 4, output: "", errors: expect.stringContaining("only") });
  }, 30_000);

  it("prints a token that is good for long enough without a request, and one that is not only after asking", async () => {
    const { run, signIn, file, address, path } = await makeWorld();
    await signIn();
    const nowhere = "http://127.0.0.1:9/v1/auth";
    await writeFile(path, (await readFile(path, "utf8")).replaceAll(address, nowhere));
    const elsewhere = { env: { STAY_SIGNED_IN_URL: nowhere } };
    const stored = (await file.readServer(nowhere)).session?.accessToken;
    const told = { code: 0, output: `${stored}\n`, errors: "" };
    expect(await run(["token"], elsewhere)).toEqual(expect.objectContaining(told));
    expect(await run(["token", "--min-validity", "14m"], elsewhere)).toMatchObject(told);
    expect(await run(["token"], { env: { STAY_SIGNED_IN_URL: "" } })).toMatchObject(told);
    expect(await run(["token", "--min-validity", "20m"], elsewhere)).toMatchObject({ code: 4, output: "" });
    await age(file, nowhere, 840_000);
    expect(await run(["token"], elsewhere)).toMatchObject({ code: 4, output: "" });
  }, 60_000);

  it("tells the server of a sign-out later when it cannot be reached now", async () => {
    const server = await startStrictServer();
    const { run, file } = await makeWorld();
    const strict = ["--url", server.address];
    await run(["login", "--username", "ada", "--password-stdin", ...strict], { input: "any" });
    server.answerNextSignOut(() => ({ status: 503, body: "{}" }));
    const out = await run(["logout", ...strict]);
    expect(out).toMatchObject({ code: 4, errors: expect.stringContaining("could not be told yet") });
    expect(await run(["token", ...strict])).toMatchObject({
      code: 3,
      errors: `stay-signed-in: Nobody is signed in at ${server.address}. Sign in with: stay-signed-in login --url ${server.address}\n`,
    });
    await run(["logout", ...strict]);
    await expect.poll(() => server.isRevoked("session-1")).toBe(true);
    expect((await file.readServer(server.address)).owed).toEqual([]);
  }, 30_000);

  it("needs to be told the server once: afterwards it is the one that the session file knows", async () => {
    const { run, address, signIn } = await makeWorld();
    const unnamed = { env: { STAY_SIGNED_IN_URL: "" } };
    for (const command of ["login", "token"]) {
      const asked = await run([command], unnamed);
      expect(asked).toMatchObject({ code: 3, errors: expect.stringContaining("stay-signed-in login --url") });
    }
    await signIn();
    expect(await run(["token"], unnamed)).toMatchObject({ code: 0 });
    const other = await startStrictServer();
    await run(["login", "--username", "ada", "--password-stdin", "--url", other.address], { input: "any" });
    const unsure = await run(["token"], unnamed);
    expect(unsure.code).toBe(2);
    for (const known of [address, other.address]) expect(unsure.errors).toContain(known);
  }, 30_000);

  it("lists the user's sessions and ends them", async () => {
    const { run, signIn, path } = await makeWorld();
    await signIn();
    const other = { env: { STAY_SIGNED_IN_SESSION_FILE: `${path}.second` } };
    await run(["login", "--username", account.email, "--password-stdin"], { input: account.password, ...other });
    const listed = await run(["sessions"]);
    // N08
    expect(listed.output).toMatch(/^ {2}SESSION +LAST USED +CLIENT\n/);
    expect(listed.output.match(/^[* ] \S{22} {2}\d{4}-\d\d-\d\d \d\d:\d\d UTC {2}node$/gm)).toHaveLength(2);
    expect(listed.output.match(/^\*/gm)).toHaveLength(1);
    const all = JSON.parse((await run(["sessions", "--json"])).output) as { id: string; isCurrent: boolean }[];
    const theirs = all.find(({ isCurrent }) => !isCurrent)?.id ?? "";
    expect(await run(["sessions", "--end", theirs])).toMatchObject({ code: 0 });
    expect(await run(["token", "--min-validity", "14m"], other)).toMatchObject({ code: expect.any(Number) });
    expect((await run(["sessions"])).output.trim().split("\n")).toHaveLength(2);
    expect(await run(["sessions", "--end", "no-such-session"])).toMatchObject({ code: 2 });
    expect(await run(["sessions", "--end-others"])).toMatchObject({ code: 0 });
  }, 60_000);
});

describe("stay-signed-in run", () => {
  const script = (body: string): string[] => ["run", "--", process.execPath, "-e", body];

  it("gives the command a good token, the newest one in a private file, and hands on its exit code", async () => {
    const { run, signIn, server } = await makeWorld({ accessTokenLifetimeSeconds: 4 });
    await signIn();
    const outcome = await run(
      script(`
        const { readFileSync, statSync } = require("node:fs");
        const { STAY_SIGNED_IN_TOKEN: first, STAY_SIGNED_IN_TOKEN_FILE: path } = process.env;
        const look = () => {
          const newest = readFileSync(path, "utf8");
          if (newest === first) return setTimeout(look, 50);
          console.log(JSON.stringify({ first, newest, mode: (statSync(path).mode & 0o777).toString(8), path }));
          process.exit(42);
        };
        look();
      `),
    );
    expect(outcome).toMatchObject({ code: 42, errors: "" });
    const { newest, mode, path } = JSON.parse(outcome.output) as { newest: string; mode: string; path: string };
    await server.verifyAccessToken(newest);
    expect(mode).toBe("600");
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  }, 60_000);

  it("hands on the signal that ended the command, and the lack of a command", async () => {
    const { run, signIn } = await makeWorld();
    await signIn();
    expect(await run(script("process.kill(process.pid, 'SIGKILL')"))).toMatchObject({ code: 137 });
    expect(await run(["run", "--", "/no/such/command"])).toMatchObject({
      code: 127,
      errors: expect.stringContaining("there is no command /no/such/command"),
    });
    expect(await run(["run", "--", "/etc/passwd"])).toMatchObject({ code: 126 });
    expect(await run(["run"])).toMatchObject({ code: 2 });
  }, 60_000);

  it("passes a request to end on to the command, and what the command wrote with its options", async () => {
    const { start, signIn } = await makeWorld();
    await signIn();
    const running = start(
      script(
        `process.on("SIGTERM", () => { console.log("asked to end"); process.exit(7); }); console.log("up"); setInterval(() => {}, 1e3)`,
      ),
    );
    await running.printed("up");
    running.child.kill("SIGTERM");
    expect(await running.done).toMatchObject({ code: 7, output: "up\nasked to end\n" });
  }, 30_000);
});

describe("what the command line keeps to itself", () => {
  it("has no secret in its arguments, its messages or the list of processes", async () => {
    const { start, run, signIn, text } = await makeWorld();
    await signIn();
    const { servers } = JSON.parse(await text()) as {
      servers: Record<string, { session: { refreshToken: string; accessToken: string } }>;
    };
    const secrets = Object.values(servers).flatMap(({ session }) => [session.refreshToken, session.accessToken]);
    const running = start([
      "run",
      "--",
      process.execPath,
      "-e",
      "console.log('up'); process.stdin.resume(); setInterval(() => {}, 1e3)",
    ]);
    await running.printed("up");
    const { output: processes } = await runProgram("ps", ["-eo", "args"]);
    expect(processes).toContain("bin.mjs run");
    for (const secret of [...secrets, account.password]) expect(processes).not.toContain(secret);
    running.child.kill("SIGTERM");
    await running.done;
    for (const words of [["status"], ["status", "--json"], ["sessions"], ["logout"]]) {
      const { output, errors } = await run(words);
      for (const secret of secrets) expect(output + errors).not.toContain(secret);
    }
  }, 60_000);

  it("asks for the password on a terminal, and shows nothing of it", async () => {
    const { env, address } = await makeWorld();
    const command = `${process.execPath} ${programs.pathOf("bin")} login --username ${account.email}`;
    const login = startProgram("script", ["-qefc", command, "/dev/null"], {
      env: { ...env, NO_COLOR: "1" },
      isInteractive: true,
    });
    await login.printed("Password for ada@example.org: ");
    login.child.stdin?.write(`wrong\u0015${account.password}x\u007f\r`);
    const { code, output } = await login.done;
    expect(code).toBe(0);
    expect(output).toContain(`Signed in as ${account.email} at ${address}.`);
    for (const shown of [account.password, "wrong"]) expect(output).not.toContain(shown);
  }, 30_000);

  it("gives up on Ctrl-C at the password, and leaves the terminal as it was", async () => {
    const { env } = await makeWorld();
    const command = `${process.execPath} ${programs.pathOf("bin")} login --username ada; echo "ended with $?"; stty -a`;
    const login = startProgram("script", ["-qefc", command, "/dev/null"], { env, isInteractive: true });
    await login.printed("Password for ada: ");
    login.child.stdin?.write("half a pass\u0003");
    const { output } = await login.done;
    expect(output).toContain("ended with 130");
    expect(output).not.toContain("half a");
    expect(output).toMatch(/ echo /);
  }, 30_000);

  it("takes no password as an argument, and repeats none that was tried", async () => {
    const { run } = await makeWorld();
    const tried = await run(["login", "--username", "ada", "--password=hunter2-secret"]);
    expect(tried.code).toBe(2);
    expect(tried.output + tried.errors).not.toContain("hunter2");
    const positional = await run(["login", "--username", "ada", "hunter2-secret"]);
    expect(positional.code).toBe(2);
    expect(positional.output + positional.errors).not.toContain("hunter2");
  }, 30_000);

  it("keeps its sessions in the folder for configuration, open to nobody else", async () => {
    const { run, folder } = await makeWorld();
    const env = { STAY_SIGNED_IN_SESSION_FILE: "", XDG_CONFIG_HOME: join(folder, "config") };
    expect(
      await run(["login", "--username", account.email, "--password-stdin"], { input: account.password, env }),
    ).toMatchObject({ code: 0 });
    const own = join(folder, "config", "stay-signed-in");
    expect((await stat(own)).mode & 0o777).toBe(0o700);
    expect((await stat(join(own, "sessions.json"))).mode & 0o777).toBe(0o600);
  }, 30_000);
});

describe("the environment", () => {
  it("is the one that the command line is given, also for the client that it makes", async () => {
    const { signIn, path, address, server } = await makeWorld();
    await signIn();
    const output = Object.assign(new PassThrough(), { isTTY: false });
    const code = await runCommandLine(["token"], {
      environment: { STAY_SIGNED_IN_URL: address, STAY_SIGNED_IN_SESSION_FILE: path },
      input: process.stdin,
      output: output as unknown as NodeJS.WriteStream,
      messages: process.stderr,
      version: "0",
      interrupted: new AbortController().signal,
      openBrowser: async () => undefined,
    });
    expect(code).toBe(0);
    await server.verifyAccessToken(String(output.read()).trim());
  }, 30_000);
});

describe("help", () => {
  it("lists the commands and the exit codes, and shows the version", async () => {
    const { run } = await makeWorld();
    const help = await run(["--help"]);
    expect(help.code).toBe(0);
    for (const word of ["login", "status", "token", "run", "logout", "sessions", "Exit codes"])
      expect(help.output).toContain(word);
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(await run(["--version"])).toMatchObject({ code: 0, output: `${version}\n` });
  }, 30_000);
});
