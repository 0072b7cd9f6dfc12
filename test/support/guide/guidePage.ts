import type { Locator, Page } from "playwright-core";

/** What a person does in the page of docs/existing-frontend.md; each tab comes to the front for it, as for a person. */
export const guidePage = {
  heading: (page: Page): Locator => page.getByRole("heading", { level: 1 }),

  /** Waits until the page says that this is who is here. */
  isHere: (page: Page, name: string): Promise<void> => guidePage.heading(page).getByText(name).waitFor(),

  async enter(page: Page, form: string, button: string, account: Account): Promise<void> {
    await page.bringToFront();
    const entry = page.getByRole("form", { name: form });
    await entry.getByLabel("E-mail").fill(account.email);
    await entry.getByLabel("Password").fill(account.password);
    await entry.getByRole("button", { name: button }).click();
  },

  async changePassword(page: Page, current: string, password: string): Promise<void> {
    await page.bringToFront();
    const entry = page.getByRole("form", { name: "Another password" });
    await entry.getByLabel("Current password").fill(current);
    await entry.getByLabel("New password").fill(password);
    await entry.getByRole("button", { name: "Change" }).click();
  },

  async say(page: Page, text: string): Promise<void> {
    await page.bringToFront();
    await page.getByLabel("Draft").fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  },

  /** Waits until the page has heard this over its socket. */
  hears: (page: Page, text: string): Promise<void> => page.getByText(text, { exact: true }).waitFor(),

  /** The access token in use, seen on its way. */
  async tokenOf(page: Page): Promise<string> {
    const asked = page.waitForRequest("**/api/messages");
    await guidePage.say(page, "who am I");
    return (await (await asked).headerValue("authorization"))?.replace("Bearer ", "") ?? "";
  },
};

export interface Account {
  readonly email: string;
  readonly password: string;
}
