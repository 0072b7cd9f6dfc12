import { cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createNodeAuthClient } from "../../src/node.ts";
import { openSessionStore } from "../../src/node/openSessionStore.ts";
import { formatSessionFile } from "../../src/node/sessionFileFormat.ts";
import { createSessionKeyring } from "../../src/node/sessionKeyring.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { type RunOptions, runNode } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { type SecretService, hasSecretService, startSecretService } from "./support/secretService.ts";
import { address, makeEntry } from "./support/storedSession.ts";
import { startStrictServer } from "./support/strictServer.ts";
import { makeTemporaryFolder } from "./support/temporaryFolder.ts";

const other = "http://127.0.0.1:3000/v1/auth";

let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms(["src/node/bin.ts", "test/node/programs/printToken.ts"]);
}, 60_000);
afterAll(() => programs.remove());

async function makePlace() {
  const folder = await makeTemporaryFolder();
  const place = { path: join(folder, "keyring"), ownFolder: true };
  return { folder, place, keyring: createSessionKeyring(place) };
}

/** The entry as the binding itself gives it, past all of our own code. */
async function openEntry(name: string) {
  const { AsyncEntry } = await import("@napi-rs/keyring");
  return new AsyncEntry("stay-signed-in", name, { linux: { store: "secret-service" } });
}

async function listNames(): Promise<string[]> {
  const { findCredentialsAsync } = await import("@napi-rs/keyring");
  return (await findCredentialsAsync("stay-signed-in")).map(({ account: name }) => name).sort();
}

async function makeCommandLine({ environment }: SecretService) {
  const { address: url, server } = await startAuthServer();
  const config = await makeTemporaryFolder();
  const env = { ...process.env, ...environment, XDG_CONFIG_HOME: config, STAY_SIGNED_IN_URL: url };
  const run = (words: string[], options: RunOptions = {}) =>
    runNode(programs.pathOf("bin"), words, { env, ...options });
  return { url, server, config, env, run };
}

describe.skipIf(!hasSecretService)("the keyring (needs dbus-daemon and gnome-keyring-daemon)", () => {
  let service: SecretService;
  const before = process.env["DBUS_SESSION_BUS_ADDRESS"];
  beforeAll(async () => {
    service = await startSecretService();
    Object.assign(process.env, service.environment);
  });
  afterAll(async () => {
    if (before === undefined) delete process.env["DBUS_SESSION_BUS_ADDRESS"];
    else process.env["DBUS_SESSION_BUS_ADDRESS"] = before;
    await service.stop();
  });
  beforeEach(async () => {
    for (const name of await listNames()) await (await openEntry(name)).deleteCredential();
  });

  it("keeps one entry for each server, and no file", async () => {
    const { keyring, folder } = await makePlace();
    await keyring.updateServer(address, () => makeEntry());
    await keyring.updateServer(other, () => makeEntry({ subject: "grace" }));
    await keyring.updateServer(address, ({ session, ...rest }) => ({
      ...rest,
      session: session && { ...session, number: 2 },
    }));
    expect(await keyring.readServer(address)).toEqual(makeEntry({ number: 2 }));
    expect(Object.keys(await keyring.read()).sort()).toEqual([other, address]);
    expect(await listNames()).toEqual([other, address]);
    await keyring.updateServer(address, () => ({ session: null, ended: null, owed: [] }));
    expect(await listNames()).toEqual([other]);
    await keyring.assertWritable(other);
    expect(await listNames()).toEqual([other]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("loses no change when many are made at once", async () => {
    const { keyring, place } = await makePlace();
    await keyring.updateServer(address, () => makeEntry({ number: 0 }));
    const second = createSessionKeyring(place);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? keyring : second).updateServer(address, (entry) =>
          makeEntry({ number: (entry.session?.number ?? 0) + 1 }),
        ),
      ),
    );
    expect((await keyring.readServer(address)).session?.number).toBe(20);
  });

  it("takes what is damaged for damaged, never for empty, and keeps it beside when somebody signs in", async () => {
    const { keyring } = await makePlace();
    const elsewhere = formatSessionFile({ [other]: makeEntry() });
    for (const damage of ['{"refr', "\0".repeat(64), " ", elsewhere]) {
      const entry = await openEntry(address);
      await entry.setSecret(Buffer.from(damage));
      const refusal = { code: "sessionFileDamaged", message: expect.stringContaining(address) };
      await expect(keyring.readServer(address)).rejects.toMatchObject(refusal);
      await expect(keyring.updateServer(address, () => makeEntry())).rejects.toMatchObject(refusal);
      expect(Buffer.from((await entry.getSecret()) ?? []).toString()).toBe(damage);
      await keyring.updateServer(address, () => makeEntry(), { replaceDamaged: true });
      expect(await keyring.readServer(address)).toEqual(makeEntry());
      const kept = (await listNames()).filter((name) => name.startsWith(`${address}#corrupt-`));
      expect(kept).toHaveLength(1);
      const beside = await openEntry(kept[0] ?? "");
      expect(Buffer.from((await beside.getSecret()) ?? []).toString()).toBe(damage);
      expect(Object.keys(await keyring.read())).toEqual([address]);
      await beside.deleteCredential();
    }
  });

  it("does not touch what a newer version wrote", async () => {
    const { keyring } = await makePlace();
    const entry = await openEntry(address);
    await entry.setSecret(Buffer.from('{"version":7}'));
    const refusal = { code: "sessionFileTooNew", message: expect.stringContaining("Update this program") };
    await expect(keyring.readServer(address)).rejects.toMatchObject(refusal);
    await expect(keyring.assertWritable(address, { replaceDamaged: true })).rejects.toMatchObject(refusal);
    const change = keyring.updateServer(address, () => makeEntry(), { replaceDamaged: true });
    await expect(change).rejects.toMatchObject(refusal);
    expect(Buffer.from((await entry.getSecret()) ?? []).toString()).toBe('{"version":7}');
  });

  it("says that it is locked, and neither loses the session nor begins a file", async () => {
    const own = await startSecretService();
    onTestFinished(own.stop);
    const { url, run, config } = await makeCommandLine(own);
    await run(["login", "--keyring", "--username", account.email, "--password-stdin"], { input: account.password });
    await own.lock();
    for (const words of [["token"], ["status"], ["logout"], ["login", "--url", other]]) {
      const { code, output, errors } = await run([words[0] ?? "", "--keyring", "--url", url, ...words.slice(1)]);
      expect({ code, output }).toEqual({ code: 5, output: "" });
      expect(errors).toMatch(/^stay-signed-in: The system's keyring is locked\. Unlock it, then try again\..+\n$/m);
    }
    expect((await readdir(join(config, "stay-signed-in"))).filter((name) => name.startsWith("sessions"))).toEqual([]);
  }, 60_000);

  // B095 https://github.com/anthropics/claude-code/issues/27933
  it("makes many processes refresh once between them, on a server without grace", async () => {
    const { environment } = service;
    const server = await startStrictServer();
    const config = await makeTemporaryFolder();
    const place = { path: join(config, "stay-signed-in", "keyring"), ownFolder: true };
    const keyring = createSessionKeyring(place);
    const sentAt = Date.now() - 1_000_000;
    const expiresAt = sentAt + 900_000;
    const issued = {
      ...server.issue(),
      accessTokenSentAt: sentAt,
      accessTokenExpiresAt: expiresAt,
      signedInAt: sentAt,
    };
    await keyring.updateServer(server.address, () => makeEntry(issued));
    const env = { ...process.env, ...environment, XDG_CONFIG_HOME: config, STAY_SIGNED_IN_KEYRING: "1" };
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => runNode(programs.pathOf("printToken"), [server.address], { env })),
    );
    expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
    expect(server.refreshes).toEqual(["refresh-1-1"]);
    const { session } = await keyring.readServer(server.address);
    expect(session?.refreshToken).toBe("refresh-1-2");
    expect(new Set(outcomes.map(({ output }) => output.trim()))).toEqual(new Set([session?.accessToken]));
  }, 60_000);

  it("keeps the key of a bound session whose file lies elsewhere: a copy of that file alone is worth nothing", async () => {
    const { address: url, countOf } = await startAuthServer({ sessionBinding: "required" });
    const { path, file, text } = await makeSessionFolder();
    const open = () => {
      const auth = createNodeAuthClient({ baseUrl: url, sessionFile: path, bindSession: "keyring", env: {} });
      onTestFinished(() => auth.dispose());
      return auth;
    };
    const [one, two] = [open(), open()];
    await one.signIn({ username: account.email, password: account.password });
    await two.signIn({ username: account.email, password: account.password });
    await two.refresh();
    expect((await file.readServer(url)).session?.key).toBe("keyring");
    expect(await text()).not.toContain("P-256");
    expect(await listNames()).toEqual([`${url}#key`]);
    expect(await createSessionKeyring({ path, ownFolder: false }).read()).toEqual({});

    const copy = await makeSessionFolder();
    await cp(path, copy.path);
    const elsewhere = await startSecretService();
    onTestFinished(elsewhere.stop);
    const env = { ...process.env, ...elsewhere.environment };
    await copy.file.updateServer(url, (entry) => ({
      ...entry,
      session: entry.session && { ...entry.session, accessTokenSentAt: 1, accessTokenExpiresAt: 2 },
    }));
    const thief = await runNode(programs.pathOf("printToken"), [url, copy.path], { env });
    expect(thief.code).not.toBe(0);
    expect([countOf("proofRefused"), countOf("reuseDetected")]).toEqual([1, 0]);
    await two.refresh();
  }, 60_000);

  it("carries the command line from sign-in to sign-out", async () => {
    const { url, server, env, run, config } = await makeCommandLine(service);
    const login = ["login", "--keyring", "--username", account.email, "--password-stdin"];
    const signedIn = await run(login, { input: account.password });
    expect(signedIn).toMatchObject({ code: 0, errors: expect.stringContaining("STAY_SIGNED_IN_KEYRING=1") });
    const inKeyring = { env: { ...env, STAY_SIGNED_IN_KEYRING: "1", STAY_SIGNED_IN_URL: "" } };
    const printed = await run(["token"], inKeyring);
    expect(printed).toMatchObject({ code: 0, errors: "" });
    await server.verifyAccessToken(printed.output.trim());
    expect(await run(["token"])).toMatchObject({ code: 3 });
    for (const name of await readdir(join(config, "stay-signed-in"))) {
      const text = await readFile(join(config, "stay-signed-in", name), "utf8");
      expect(text).not.toMatch(/ssr1\.|eyJ/);
    }
    expect(await listNames()).toEqual([url]);
    expect(await run(["logout"], inKeyring)).toMatchObject({ code: 0 });
    expect(await listNames()).toEqual([]);
  }, 60_000);
});

describe("a keyring that is asked for and not there", () => {
  const run = async (bin: string, env: NodeJS.ProcessEnv) => {
    const config = await makeTemporaryFolder();
    const nowhere = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${config}/no-bus` };
    const outcome = await runNode(bin, ["token", "--keyring", "--url", address], {
      env: { ...process.env, ...nowhere, XDG_CONFIG_HOME: config, ...env },
    });
    return { ...outcome, left: await readdir(config, { recursive: true }) };
  };

  it.skipIf(process.platform !== "linux")(
    "is an error with the remedy where no secret service runs, never a file",
    async () => {
      const { code, output, errors, left } = await run(programs.pathOf("bin"), {});
      expect({ code, output }).toEqual({ code: 5, output: "" });
      expect(errors).toMatch(/^stay-signed-in: The system's keyring does not answer: no secret service runs .+\n$/);
      expect(errors).toContain("ask for no keyring");
      expect(left.filter((name) => name.includes("sessions.json"))).toEqual([]);
    },
  );

  it("is an error with the remedy where its package is not installed", async () => {
    // As installed without the optional package: beside nothing but what this package depends on.
    const folder = await makeTemporaryFolder();
    await cp(programs.folder, folder, { recursive: true });
    await mkdir(join(folder, "node_modules"));
    const { dependencies } = JSON.parse(await readFile("package.json", "utf8")) as { dependencies: object };
    // The build puts the command line's own packages into the command, the program of the tests does not.
    for (const name of [...Object.keys(dependencies), "commander", "open"]) {
      await symlink(resolve("node_modules", name), join(folder, "node_modules", name));
    }
    const { code, output, errors } = await run(join(folder, "dist", "bin.mjs"), {});
    expect({ code, output }).toEqual({ code: 5, output: "" });
    expect(errors).toContain("npm install @napi-rs/keyring");
  });

  it("is not asked for together with a file, in options or in the environment; what the caller says comes first", () => {
    const both = { sessionFile: "/tmp/sessions.json", keyring: true };
    const invalid = expect.objectContaining({ code: "invalidOptions" });
    expect(() => createNodeAuthClient({ baseUrl: address, ...both })).toThrow(invalid);
    const environment = { STAY_SIGNED_IN_SESSION_FILE: "/tmp/sessions.json", STAY_SIGNED_IN_KEYRING: "1" };
    expect(() => openSessionStore({}, environment)).toThrow(invalid);
    expect(openSessionStore({ keyring: true }, environment).isInKeyring).toBe(true);
    expect(openSessionStore({ keyring: false }, environment).isInKeyring).toBe(false);
    expect(openSessionStore({ sessionFile: "/tmp/other.json" }, environment).isInKeyring).toBe(false);
    for (const off of ["", "0", "false"]) {
      expect(openSessionStore({}, { STAY_SIGNED_IN_KEYRING: off }).isInKeyring).toBe(false);
    }
    expect(() => openSessionStore({}, { STAY_SIGNED_IN_KEYRING: "maybe" })).toThrow(invalid);
  });
});
