import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommandLine } from "../../src/node/cli/runCommandLine.ts";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser } from "./support/openBrowser.ts";
import { type Account, registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";

const python = await findPython();

describe.skipIf(python === null)("the command line against the fastapi-users example (needs Python 3.11)", () => {
  let server: PythonServer;
  let browser: InteropBrowser;
  let account: Account;
  let folder: string;
  let sessionFile: string;

  beforeAll(async () => {
    const settings = { REFRESH_TOKEN_SECRETS: '["the refresh secret of the interop tests"]' };
    server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
    browser = await openBrowser();
    account = await registerAccount(server.baseUrl);
    folder = await mkdtemp(join(tmpdir(), "command-line-"));
    sessionFile = join(folder, "sessions.json");
  });

  afterAll(async () => {
    await browser?.close();
    await server?.dispose();
    if (folder) await rm(folder, { recursive: true });
  });

  interface RunOptions {
    readonly input?: string;
    /** Called with everything said so far, as soon as there is more. */
    readonly onMessage?: (messages: string) => void;
  }

  async function run(parameters: readonly string[], { input = "", onMessage }: RunOptions = {}) {
    const [output, messages] = [new PassThrough(), new PassThrough()];
    const said = { output: "", messages: "" };
    output.on("data", (chunk) => (said.output += String(chunk)));
    messages.on("data", (chunk) => {
      said.messages += String(chunk);
      onMessage?.(said.messages);
    });
    const world = {
      environment: { STAY_SIGNED_IN_URL: server.baseUrl },
      input: Readable.from([input]) as unknown as NodeJS.ReadStream,
      output: output as unknown as NodeJS.WriteStream,
      messages: messages as unknown as NodeJS.WriteStream,
      openBrowser: () => Promise.resolve(),
      version: "0",
      interrupted: new AbortController().signal,
    };
    const code = await runCommandLine([...parameters, "--session-file", sessionFile], world);
    return { code, output: said.output.trim(), messages: said.messages };
  }

  const ask = async (token: string) =>
    (await fetch(`${server.origin}/v1/notes`, { headers: { Authorization: `Bearer ${token}` } })).status;

  it("signs in with a password, hands out tokens that the server takes, renews them, and signs out", async () => {
    const login = ["login", "--username", account.username, "--password-stdin"];
    expect(await run(login, { input: account.password })).toMatchObject({ code: 0 });
    const first = await run(["token"]);
    expect([first.code, await ask(first.output)]).toEqual([0, 200]);

    // The token in the file is worth nothing any more, and only the server knows.
    await server.restart({ SECRET: `another secret of the interop tests ${crypto.randomUUID()}` });
    expect(await ask(first.output)).toBe(401);
    expect(await run(["status"])).toMatchObject({ code: 0 });
    expect(server.requests.filter((request) => request === "POST /v1/auth/jwt/refresh 200")).toHaveLength(1);
    const second = await run(["token"]);
    expect([second.code, await ask(second.output)]).toEqual([0, 200]);

    expect(await run(["logout"])).toMatchObject({ code: 0 });
    expect(await ask(second.output)).toBe(401);
    expect(await run(["token"])).toMatchObject({ code: 3 });
    expect(await readFile(sessionFile, "utf8")).not.toContain("ssr1.");
  });

  it("signs in by a code that is approved on the example's own page", async () => {
    const profile = await browser.openProfile(server.origin);
    const page = await profile.newPage();
    let opened: Promise<void> | undefined;
    const approve = async (address: string) => {
      await page.goto(address);
      await page.getByLabel("E-mail").fill(account.username);
      await page.locator("#sign-in").getByLabel("Password").fill(account.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByText("stay-signed-in").waitFor();
      await page.getByLabel("Your password").fill(account.password);
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByText("Done.").waitFor();
    };
    const login = await run(["login", "--no-browser"], {
      onMessage(messages) {
        const [address] = /http:\/\/\S+user_code=[A-Z-]{9}/.exec(messages) ?? [];
        if (address !== undefined) opened ??= approve(address);
      },
    });
    await opened;
    expect(login.messages).toContain(`Signed in as ${account.username}`);
    expect(login.code).toBe(0);
    expect(await ask((await run(["token"])).output)).toBe(200);
    await profile.close();
  });
});
