import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { askForDeviceCode } from "./support/askForDeviceCode.ts";
import { useExample } from "./support/useExample.ts";

const { visit } = useExample();
const password = "correct horse battery";

/** The headings as a screen reader lists them, with their levels. */
const headingsOf = (page: Page): Promise<string[]> =>
  page
    .getByRole("heading")
    .evaluateAll((headings) => headings.map(({ tagName, textContent }) => `${tagName.slice(1)} ${textContent.trim()}`));

/** Whatever can be used has a name, a place in a landmark is there, and the page says what it is. */
async function expectHeard(page: Page, title: string, headings: readonly string[]): Promise<void> {
  await expect.poll(() => headingsOf(page)).toEqual(headings);
  expect(await page.title()).toBe(`${title} · Notebook`);
  const tree = await page.locator("body").ariaSnapshot();
  expect(tree.match(/- (button|textbox|link|dialog|region|checkbox|tab)(?! ["'])/g)).toBeNull();
  expect(tree.match(/- main:/g)).toHaveLength(1);
}

/** What is read out with a field, after its name. */
const descriptionOf = (page: Page, label: string): Promise<string> =>
  page.getByLabel(label).evaluate((field) =>
    (field.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join(" ")
      .trim(),
  );

async function register(page: Page, email: string): Promise<void> {
  await page.getByRole("button", { name: "Create one" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByLabel("New note").waitFor();
}

const pitch = "1 Write it down. It will still be yours tomorrow.";

describe("what a screen reader is told in the example app", () => {
  it(
    "who signs in: the form's name, what is asked for, and beside the field what was wrong with it",
    visit(async (page) => {
      await expectHeard(page, "Sign in", [pitch, "2 Sign in"]);
      await page.getByLabel("E-mail").fill("nobody@example.org");
      await page.getByLabel("Password").fill("wrong horse battery");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").getByText("The e-mail or the password is wrong.").waitFor();
      expect(await descriptionOf(page, "Password")).toBe("The e-mail or the password is wrong.");
      await page.getByRole("button", { name: "Create one" }).click();
      await expectHeard(page, "Create an account", [pitch, "2 Create an account"]);
      expect(await descriptionOf(page, "Password")).toContain("At least 8 characters.");
    }),
  );

  it(
    "a guest: where they are, what is theirs, and what the dialog is for",
    visit(async (page) => {
      await page.getByRole("button", { name: "Continue as guest" }).click();
      const side = ["2 Access token", "2 Live connection", "2 You are a guest"];
      await expectHeard(page, "Your notes", ["1 Your notes", ...side]);
      for (const name of side) {
        await page.getByRole("region", { name: name.slice(2) }).waitFor();
      }
      await page.getByRole("banner").getByText("Guest", { exact: true }).waitFor();
      await page.getByRole("complementary", { name: "Your session" }).waitFor();
      await page.getByRole("button", { name: "Keep my notes" }).click();
      await page.getByRole("dialog", { name: "Keep your notes" }).getByRole("button", { name: "Close" }).waitFor();
    }),
  );

  it(
    "somebody with an account: their notes by name, and news of the network without being asked",
    visit(async (page) => {
      await register(page, "ears2@example.org");
      await page.getByLabel("New note").fill("Buy ink");
      await page.getByRole("button", { name: "Save note" }).click();
      await page.getByRole("button", { name: "Delete note: Buy ink" }).waitFor();
      const side = ["2 Access token", "2 Live connection", "2 Where you are signed in"];
      await expectHeard(page, "Your notes", ["1 Your notes", ...side]);
      await page.getByRole("status").getByText("Connected as you").waitFor();
      await page.context().setOffline(true);
      await page.getByRole("status").getByText("You are offline, and still signed in.").waitFor();
      await page.getByRole("status").getByText("Not connected; it comes back by itself").waitFor();
      await page.context().setOffline(false);
      await page.getByRole("status").getByText("Connected as you").waitFor();
    }),
  );

  it(
    "who approves a device: the warning is read with the field that it is about",
    visit(async (page) => {
      await register(page, "ears3@example.org");
      const { origin } = new URL(page.url());
      await page.goto(`${origin}/device?user_code=${await askForDeviceCode(origin)}`);
      await expectHeard(page, "Approve a device", ["1 Approve a device"]);
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByLabel("Your password").waitFor();
      await expectHeard(page, "Sign in terminal?", ["1 Sign in terminal?"]);
      expect(await descriptionOf(page, "Your password")).toContain("Approve only if this very code is on a screen");
      await page.getByRole("button", { name: "Refuse" }).click();
      await expectHeard(page, "Refused", ["1 Refused"]);
      await page.getByRole("status").getByText("The device was not signed in.").waitFor();
    }),
  );

  it(
    "keeps the news of an outage in sight of who has scrolled",
    visit(
      async (page) => {
        await page.getByRole("button", { name: "Continue as guest" }).click();
        await page.getByText("Nothing here yet.").waitFor();
        await page.mouse.wheel(0, 400);
        await page.context().setOffline(true);
        const news = page.getByText("You are offline, and still signed in.");
        await news.waitFor();
        const isCovered = await news.evaluate((element) => {
          const { left, top, width, height } = element.getBoundingClientRect();
          return !element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        });
        expect(isCovered).toBe(false);
      },
      { viewport: { width: 390, height: 500 } },
    ),
  );

  it(
    "reads from right to left without a sideways scroll, and a note in the direction of its own letters",
    visit(
      async (page) => {
        await page.evaluate(() => (document.documentElement.dir = "rtl"));
        await page.getByRole("button", { name: "Continue as guest" }).click();
        await page.getByLabel("New note").fill("Buy ink");
        await page.getByRole("button", { name: "Save note" }).click();
        const note = page.getByText("Buy ink", { exact: true });
        await note.waitFor();
        expect(await note.evaluate((element) => getComputedStyle(element).direction)).toBe("ltr");
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        const brand = await page.getByRole("link", { name: "Notebook" }).boundingBox();
        expect(brand?.x).toBeGreaterThan(195);
      },
      { viewport: { width: 390, height: 700 } },
    ),
  );
});
