import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createSessionKeyring } from "../../src/node/sessionKeyring.ts";
import { bundlePrograms, type Programs } from "../node/support/bundleProgram.ts";
import { runNode, runProgram } from "../node/support/runProgram.ts";
import { hasSecretService, type SecretService, startSecretService } from "../node/support/secretService.ts";
import { makeEntry } from "../node/support/storedSession.ts";
import { startStrictServer } from "../node/support/strictServer.ts";
import { makeTemporaryFolder } from "../node/support/temporaryFolder.ts";
import { findPython } from "./support/findPython.ts";
import { preparePythonPackage } from "./support/pythonEnvironment.ts";

const python = await findPython();
const address = "http://127.0.0.1:9/v1/auth";

describe.skipIf(python === null || !hasSecretService)(
  "Node and Python processes with one keyring (needs Python 3.11, dbus-daemon and gnome-keyring-daemon)",
  () => {
    let programs: Programs;
    let command: string;
    let service: SecretService;
    let config: string;
    const before = process.env["DBUS_SESSION_BUS_ADDRESS"];

    beforeAll(async () => {
      command = await preparePythonPackage(python ?? "");
      programs = await bundlePrograms(["test/node/programs/printToken.ts"]);
      service = await startSecretService();
      Object.assign(process.env, service.environment);
    });
    afterAll(async () => {
      if (before === undefined) delete process.env["DBUS_SESSION_BUS_ADDRESS"];
      else process.env["DBUS_SESSION_BUS_ADDRESS"] = before;
      await service?.stop();
      await programs?.remove();
    });
    beforeEach(async () => {
      config = await makeTemporaryFolder();
      const { AsyncEntry } = await import("@napi-rs/keyring");
      for (const name of await listNames()) await new AsyncEntry("stay-signed-in", name).deleteCredential();
    });

    async function listNames(): Promise<string[]> {
      const { findCredentialsAsync } = await import("@napi-rs/keyring");
      return (await findCredentialsAsync("stay-signed-in")).map(({ account }) => account).toSorted();
    }

    const openKeyring = () =>
      createSessionKeyring({ path: join(config, "stay-signed-in", "keyring"), ownFolder: true });
    const environment = (own = service) => ({
      ...process.env,
      ...own.environment,
      XDG_CONFIG_HOME: config,
      STAY_SIGNED_IN_KEYRING: "1",
    });
    const signIn = (words: string[], input = "", env: NodeJS.ProcessEnv = environment()) =>
      runProgram(command, ["-m", "stay_signed_in", ...words], { env, input });
    const login = (url: string, env?: NodeJS.ProcessEnv) =>
      signIn(["login", "--url", url, "--username", "ada", "--password-stdin"], "correct horse", env);

    it("make one refresh between them: ten of each at once, a spent access token, a server without grace", async () => {
      const server = await startStrictServer();
      const keyring = openKeyring();
      const sentAt = Date.now() - 1_000_000;
      const spent = { accessTokenSentAt: sentAt, accessTokenExpiresAt: sentAt + 900_000, signedInAt: sentAt };
      await keyring.updateServer(server.address, () => makeEntry({ ...server.issue(), ...spent }));
      const print =
        "import sys; from stay_signed_in import Session; print(Session(sys.argv[1], timeout=60).access_token())";
      const env = environment();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => [
          runNode(programs.pathOf("printToken"), [server.address], { env }),
          runProgram(command, ["-c", print, server.address], { env }),
        ]).flat(),
      );
      expect(server.refreshes).toEqual(["refresh-1-1"]);
      expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
      const { session } = await keyring.readServer(server.address);
      expect(session?.refreshToken).toBe("refresh-1-2");
      expect(new Set(outcomes.map(({ output }) => output.trim()))).toEqual(new Set([session?.accessToken]));
      expect(await listNames()).toEqual([server.address]);
    }, 240_000);

    it("sign in, go on and sign out for each other, in one entry and without a file", async () => {
      const server = await startStrictServer();
      expect(await login(server.address)).toMatchObject({
        code: 0,
        errors: expect.stringContaining("Signed in as ada"),
      });
      const { code, output } = await runNode(programs.pathOf("printToken"), [server.address], { env: environment() });
      expect({ code, isGood: server.isGood(output.trim()) }).toEqual({ code: 0, isGood: true });
      // Written by Node into the entry that Python made, and the other way round.
      await openKeyring().updateServer(server.address, (entry) => ({ ...entry, owed: [] }));
      expect(await listNames()).toEqual([server.address]);
      expect((await signIn(["token", "--url", server.address])).output).toBe(output);
      expect((await readdir(join(config, "stay-signed-in"))).filter((name) => name.includes("sessions"))).toEqual([]);
      expect(await signIn(["logout", "--url", server.address])).toMatchObject({ code: 0 });
      expect(await listNames()).toEqual([]);
      expect((await openKeyring().readServer(server.address)).session).toBeNull();
    });

    it("leave what is damaged alone until somebody signs in, and keep it beside", async () => {
      const server = await startStrictServer();
      const { AsyncEntry } = await import("@napi-rs/keyring");
      const entry = new AsyncEntry("stay-signed-in", server.address);
      await entry.setSecret(Buffer.from([0xff, 0x00, 0x7b]));
      const refused = await signIn(["token", "--url", server.address]);
      expect(refused).toMatchObject({ code: 5, errors: expect.stringContaining("signing in anew replaces it") });
      expect(Buffer.from((await entry.getSecret()) ?? [])).toEqual(Buffer.from([0xff, 0x00, 0x7b]));
      expect(await login(server.address)).toMatchObject({ code: 0 });
      const [kept, ...others] = (await listNames()).filter((name) => name !== server.address);
      expect(kept).toContain(`${server.address}#corrupt-`);
      expect(others).toEqual([]);
      const beside = new AsyncEntry("stay-signed-in", kept ?? "");
      expect(Buffer.from((await beside.getSecret()) ?? [])).toEqual(Buffer.from([0xff, 0x00, 0x7b]));
    });

    it("say that it is locked, not there or not installed, and never begin a file", async () => {
      const own = await startSecretService();
      onTestFinished(own.stop);
      await own.lock();
      const nowhere = { ...environment(), DBUS_SESSION_BUS_ADDRESS: `unix:path=${config}/no-bus` };
      const missing =
        "import sys; sys.modules['keyring'] = None; from stay_signed_in.__main__ import main; " +
        "sys.exit(main(['token', '--url', sys.argv[1]]))";
      const outcomes = await Promise.all([
        login(address, environment(own)),
        signIn(["token", "--url", address], "", environment(own)),
        signIn(["token", "--url", address], "", nowhere),
        runProgram(command, ["-c", missing, address], { env: environment() }),
      ]);
      const [locked, alsoLocked, absent, uninstalled] = outcomes.map(({ errors }) => errors);
      expect(outcomes.map(({ code, output }) => [code, output])).toEqual(outcomes.map(() => [5, ""]));
      for (const errors of [locked, alsoLocked]) expect(errors).toContain("is locked. Unlock it, then try again");
      expect(absent).toContain("no secret service runs in this login session");
      expect(uninstalled).toContain('pip install "stay-signed-in[keyring]"');
      const left = await readdir(config, { recursive: true });
      expect(left.filter((name) => name.includes("sessions"))).toEqual([]);
    });

    it("are not asked for the keyring and a file in one breath", async () => {
      const env = { ...environment(), STAY_SIGNED_IN_SESSION_FILE: join(config, "sessions.json") };
      const both = await signIn(["token", "--url", address], "", env);
      expect(both).toMatchObject({ code: 2, errors: expect.stringContaining("leave one out") });
      const unclear = await signIn(["token", "--url", address], "", { ...env, STAY_SIGNED_IN_KEYRING: "maybe" });
      expect(unclear).toMatchObject({ code: 2, errors: expect.stringContaining("must be 1 or 0") });
    });
  },
);
