import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { askForDeviceCode } from "./support/askForDeviceCode.ts";
import { startExample } from "./support/startExample.ts";
import { useExample } from "./support/useExample.ts";

const { visit } = useExample();
const password = "correct horse battery";

const button = (page: Page | Locator, name: string): Locator => page.getByRole("button", { name, exact: true });

const hasFocus = (control: Locator): Promise<boolean> =>
  control.evaluate((element) => element === document.activeElement);

/** Goes on with Tab until the control has the focus, as somebody without a mouse does. */
async function reach(control: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  await control.waitFor();
  for (let presses = 0; presses < 30; presses += 1) {
    if (await hasFocus(control)) return;
    await control.page().keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${control.toString()}.`);
}

async function use(control: Locator, key: "Enter" | "Space" = "Enter"): Promise<void> {
  await reach(control);
  await control.page().keyboard.press(key);
}

async function type(field: Locator, text: string): Promise<void> {
  await reach(field);
  await field.page().keyboard.press("ControlOrMeta+A");
  await field.page().keyboard.type(text);
}

/** The focus is where it belongs, without a key having been pressed. */
const expectFocus = (control: Locator): Promise<void> => expect.poll(() => hasFocus(control)).toBe(true);

async function signIn(page: Page, email: string): Promise<void> {
  await expectFocus(page.getByLabel("E-mail"));
  await page.keyboard.type(email);
  await type(page.getByLabel("Password"), password);
  await page.keyboard.press("Enter");
}

async function register(page: Page, email: string): Promise<void> {
  await expectFocus(page.getByLabel("E-mail"));
  await use(button(page, "Create one"), "Space");
  await reach(page.getByLabel("E-mail"), "Shift+Tab");
  await page.keyboard.type(email);
  await type(page.getByLabel("Password"), password);
  await page.keyboard.press("Enter");
  await expectFocus(page.getByRole("heading", { name: "Your notes" }));
}

describe("the example app by keyboard alone", () => {
  it(
    "takes somebody in, lets them write, change and delete notes, and out again, and never loses the focus",
    visit(async (page) => {
      await register(page, "kay1@example.org");
      const newNote = page.getByLabel("New note");

      await type(newNote, "Buy ink");
      await page.keyboard.press("Control+Enter");
      await button(page, "Edit note: Buy ink").waitFor();
      await expectFocus(newNote);
      await type(newNote, "Buy paper");
      await use(button(page, "Save note"));
      await button(page, "Edit note: Buy paper").waitFor();
      await expectFocus(newNote);

      await use(button(page, "Edit note: Buy ink"));
      await expectFocus(page.getByRole("textbox", { name: "Edit note" }));
      await page.keyboard.press("Escape");
      await expectFocus(button(page, "Edit note: Buy ink"));
      await page.keyboard.press("Enter");
      await type(page.getByRole("textbox", { name: "Edit note" }), "Buy green ink");
      await use(button(page, "Save"));
      await expectFocus(button(page, "Edit note: Buy green ink"));

      await use(button(page, "Delete note: Buy green ink"));
      await button(page, "Delete note: Buy green ink").waitFor({ state: "detached" });
      await expectFocus(page.getByRole("heading", { name: "Your notes" }));

      await reach(button(page, "Sign out"), "Shift+Tab");
      await page.keyboard.press("Enter");
      await expectFocus(page.getByLabel("E-mail"));
      await page.getByRole("status").getByText("You are signed out, in every tab.").waitFor();

      await page.keyboard.type("kay1@example.org");
      await type(page.getByLabel("Password"), "wrong horse battery");
      await use(button(page, "Sign in"));
      await page.getByRole("alert").getByText("The e-mail or the password is wrong.").waitFor();
      await expectFocus(page.getByLabel("Password"));
      await type(page.getByLabel("Password"), password);
      await page.keyboard.press("Enter");
      await expectFocus(page.getByRole("heading", { name: "Your notes" }));
    }),
  );

  it(
    "lets a guest look at what an account would be, go back to where they were, and make one",
    visit(async (page) => {
      await use(button(page, "Continue as guest"));
      await expectFocus(page.getByRole("heading", { name: "Your notes" }));
      await type(page.getByLabel("New note"), "Buy ink");
      await page.keyboard.press("Control+Enter");
      await button(page, "Edit note: Buy ink").waitFor();

      const keep = button(page, "Keep my notes");
      await reach(keep, "Shift+Tab");
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: "Keep your notes" });
      await expectFocus(dialog.getByLabel("E-mail"));
      await page.keyboard.press("Escape");
      await expectFocus(keep);
      await page.keyboard.press("Enter");
      await expectFocus(dialog.getByLabel("E-mail"));
      await page.keyboard.type("kay2@example.org");
      await type(dialog.getByLabel("Password"), password);
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      await expectFocus(page.getByRole("heading", { name: "Your notes" }));
      await button(page, "Edit note: Buy ink").waitFor();
    }),
  );

  it(
    "ends the session of another browser",
    visit(async (page) => {
      await register(page, "kay3@example.org");
      await visit(async (other) => {
        await signIn(other, "kay3@example.org");
        await expectFocus(other.getByRole("heading", { name: "Your notes" }));
        await use(other.getByRole("button", { name: /^End the session on / }).first());
        await expectFocus(other.getByRole("heading", { name: "Your notes" }));
        await page.getByRole("status").getByText("ended from another device").waitFor({ timeout: 30_000 });
        await expectFocus(page.getByLabel("E-mail"));
      })();
    }),
  );

  it(
    "approves a device",
    visit(async (page) => {
      await register(page, "kay5@example.org");
      const { origin } = new URL(page.url());
      await page.goto(`${origin}/device`);
      await expectFocus(page.getByLabel("Code"));
      await page.keyboard.type("ABCD-EFGH");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText("There is no such code.").waitFor();
      await expectFocus(page.getByLabel("Code"));
      await type(page.getByLabel("Code"), await askForDeviceCode(origin));
      await use(button(page, "Continue"));
      await expectFocus(page.getByLabel("Your password"));
      await page.keyboard.type("wrong horse battery");
      await use(button(page, "Approve"));
      await page.getByRole("alert").getByText("The password is wrong.").waitFor();
      await expectFocus(page.getByLabel("Your password"));
      await type(page.getByLabel("Your password"), password);
      await page.keyboard.press("Enter");
      await expectFocus(page.getByRole("heading", { name: "Approved" }));
      await use(page.getByRole("link", { name: "Back to your notes" }));
      await page.getByLabel("New note").waitFor();
    }),
  );

  it("asks for the password over the page when the session is over, and gives the focus back where it was", async () => {
    const shortLived = await startExample("start.mjs", { SESSION_SECONDS: "6" });
    try {
      await visit(
        async (page) => {
          await register(page, "kay4@example.org");
          await type(page.getByLabel("New note"), "Half a sentence");
          const dialog = page.getByRole("dialog", { name: "Your session has expired" });
          await dialog.waitFor({ timeout: 40_000 });
          await expectFocus(dialog.getByLabel("Password"));
          await page.keyboard.press("Escape");
          await page.keyboard.type(password);
          await page.keyboard.press("Enter");
          await dialog.waitFor({ state: "hidden" });
          await expectFocus(page.getByLabel("New note"));
          expect(await page.getByLabel("New note").inputValue()).toBe("Half a sentence");
        },
        { at: () => shortLived.origin },
      )();
    } finally {
      await shortLived.close();
    }
  });

  it(
    "opens the devtools, walks through them, and closes them, with the focus back at their button",
    visit(async (page) => {
      await use(button(page, "Session devtools"));
      await reach(page.getByRole("tab", { selected: true }));
      await page.keyboard.press("End");
      await expectFocus(page.getByRole("tab", { selected: true }));
      await page.keyboard.press("Escape");
      await expectFocus(button(page, "Session devtools"));
    }),
  );
});
