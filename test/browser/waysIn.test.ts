import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { URI } from "otpauth";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../examples/app/server/findFreePort.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";

const example = join(import.meta.dirname, "../../examples/ways-in");
const PASSWORD = "a password for two factors";

/** The example as a newcomer starts it, and a person at a browser who reads their mail. */
describe("the example of ways in", () => {
  let origin = "";
  let server: ChildProcessWithoutNullStreams;
  let browser: Browser;
  let printed = "";

  beforeAll(async () => {
    const port = await findFreePort(4300, "localhost");
    origin = `http://localhost:${port}`;
    server = spawn(process.execPath, ["start.mjs"], { cwd: example, env: { ...process.env, PORT: String(port) } });
    server.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    server.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    await untilPrinted(/^Open http/m);
    browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });

  function untilPrinted(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(printed);
        if (found === null) return;
        server.stdout.off("data", look);
        resolve(found);
      };
      server.stdout.on("data", look);
      server.once("exit", (code) => reject(new Error(`The example ended with ${code}: ${printed}`)));
      look();
    });
  }

  async function visit<T>(play: (page: Page, profile: BrowserContext) => Promise<T>): Promise<T> {
    const profile = await browser.newContext();
    try {
      const page = await profile.newPage();
      await page.goto(origin);
      return await play(page, profile);
    } finally {
      await profile.close();
    }
  }

  const status = (page: Page) => page.locator("#status");
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

  async function untilSignedIn(page: Page, by: string): Promise<string> {
    const text = new RegExp(`^Signed in as (\\S+) by ${by}$`);
    await page.waitForFunction(
      (pattern) => new RegExp(pattern).test(document.querySelector("#status")?.textContent ?? ""),
      text.source,
    );
    return text.exec((await status(page).textContent()) ?? "")?.[1] ?? "";
  }

  async function signOut(page: Page): Promise<void> {
    await press(page, "Sign out");
    await page.getByText("Nobody is signed in").waitFor();
  }

  async function askForCode(page: Page, email: string): Promise<RegExpExecArray> {
    await page.getByLabel("Your e-mail").fill(email);
    await press(page, "Send a code");
    await page.getByLabel("Code in the e-mail").waitFor();
    return untilPrinted(new RegExp(`mail to ${email}: Your code is (\\d{6})\\. Or open (\\S+)`));
  }

  it("lets in whoever types the code that was mailed, and is the same session after a reload", () =>
    visit(async (page) => {
      const mail = await askForCode(page, "ada@example.org");
      await page.getByLabel("Code in the e-mail").fill("000000");
      if (mail[1] !== "000000") {
        await press(page, "Use the code");
        await page.getByText("CODE_REJECTED").waitFor();
      }
      await page.getByLabel("Code in the e-mail").fill(mail[1] ?? "");
      await press(page, "Use the code");
      const ada = await untilSignedIn(page, "otp");
      await page.reload();
      expect(await untilSignedIn(page, "otp")).toBe(ada);
    }));

  it("lets in whoever opens the link in the browser that asked for it, and nobody in another", () =>
    visit(async (page) => {
      const [, , link = ""] = await askForCode(page, "grace@example.org");
      await visit(async (other) => {
        await other.goto(link);
        await other.getByText("That did not work").waitFor();
      });
      // As from a mail: another site leads here.
      await page.goto("data:text/html,<a id=link>link</a>");
      await page.evaluate((href) => {
        const anchor = document.querySelector<HTMLAnchorElement>("#link");
        if (anchor === null) throw new Error("no link");
        anchor.href = href;
        anchor.click();
      }, link);
      const grace = await untilSignedIn(page, "otp");
      expect(page.url()).toBe(`${origin}/`);
      await page.reload();
      expect(await untilSignedIn(page, "otp")).toBe(grace);
    }));

  it("lets in by a passkey whoever has added one, without a name or a password", () =>
    visit(async (page, profile) => {
      const devtools = await profile.newCDPSession(page);
      await devtools.send("WebAuthn.enable");
      const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      const mail = await askForCode(page, "edsger@example.org");
      await page.getByLabel("Code in the e-mail").fill(mail[1] ?? "");
      await press(page, "Use the code");
      const edsger = await untilSignedIn(page, "otp");
      await press(page, "Add a passkey");
      await page.getByText("The passkey was added.").waitFor();
      await signOut(page);

      await press(page, "Sign in with a passkey");
      expect(await untilSignedIn(page, "hwk, user, mfa")).toBe(edsger);
      await press(page, "Show the secret");
      await page.getByText("Two factors have seen this.").waitFor();
      await signOut(page);

      // Somebody who holds the device and does not know its PIN.
      await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
      await press(page, "Sign in with a passkey");
      await page.locator("#problem:not(:empty)").waitFor();
      expect(await status(page).textContent()).toBe("Nobody is signed in");
    }));

  it("asks for a code of the authenticator app after the password, and takes each code once", () =>
    visit(async (page) => {
      const signIn = async () => {
        await page.getByLabel("E-mail", { exact: true }).fill("alan@example.org");
        await page.getByLabel("Password").fill(PASSWORD);
      };
      await signIn();
      await press(page, "Make an account");
      const alan = await untilSignedIn(page, "pwd");
      await press(page, "Show the secret");
      await page.getByText("This needs a second factor.").waitFor();

      await press(page, "Ask me for a second factor");
      const uri = page.locator("#totp-uri");
      await page.waitForFunction(() => document.querySelector("#totp-uri")?.textContent !== "");
      const totp = URI.parse((await uri.textContent()) ?? "");
      if (!("validate" in totp) || !("period" in totp)) throw new Error("It is no TOTP.");
      const now = Date.now();
      const codeAt = (periods: number) => totp.generate({ timestamp: now + periods * 30_000 });
      await page.locator("#confirm-totp [name=code]").fill(codeAt(-1));
      await press(page, "Confirm");
      await page.locator("#confirm-totp").waitFor({ state: "hidden" });
      await signOut(page);

      await signIn();
      await press(page, "Sign in");
      const code = page.getByLabel("Code of your app");
      await code.fill(codeAt(-1));
      await press(page, "Continue");
      await page.locator("#problem:not(:empty)").waitFor();
      expect(await status(page).textContent()).toBe("Nobody is signed in");
      await code.fill(codeAt(0));
      await press(page, "Continue");
      expect(await untilSignedIn(page, "pwd, otp, mfa")).toBe(alan);
      await press(page, "Show the secret");
      await page.getByText("Two factors have seen this.").waitFor();
    }));

  it("lets in whoever comes back from the real oidc-provider, as the account with the address that both confirmed", () =>
    visit(async (page) => {
      const throughProvider = async () => {
        await page.getByRole("link", { name: "Continue with the provider" }).click();
        await page.locator("[name=login]").fill("ada");
        await page.locator("[name=password]").fill("any");
        await page.getByRole("button", { name: "Sign-in" }).click();
        await page.getByRole("button", { name: "Continue" }).click();
      };
      await throughProvider();
      const ada = await untilSignedIn(page, "another way");
      expect(page.url()).toBe(`${origin}/`);
      await signOut(page);
      await page.getByRole("link", { name: "Continue with the provider" }).click();
      await page.getByRole("button", { name: "Continue" }).click();
      expect(await untilSignedIn(page, "another way")).toBe(ada);
      await signOut(page);
      const mail = await askForCode(page, "ada@example.org").then(
        () => printed.split("mail to ada@example.org: ").at(-1) ?? "",
      );
      await page.getByLabel("Code in the e-mail").fill(/code is (\d{6})/.exec(mail)?.[1] ?? "");
      await press(page, "Use the code");
      expect(await untilSignedIn(page, "otp")).toBe(ada);
    }));

  it("takes no answer of a provider that this browser did not ask for", () =>
    visit(async (page) => {
      await page.goto(`${origin}/sign-in/social/callback?code=a-stranger%27s&state=theirs`);
      await page.getByText("That did not work").waitFor();
      await page.getByText("Nobody is signed in").waitFor();
    }));
});
