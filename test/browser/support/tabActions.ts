import type { Page } from "playwright-core";
import { expect } from "vitest";
import { unchallenged } from "../../support/unchallenged.ts";

export const account = { username: "ada@example.org", password: "correct horse battery" };
export const otherAccount = { username: "bob@example.org", password: "battery horse correct" };

/** Longer than anything takes on a busy machine, and less than a test may take. */
export const patience = { timeout: 30_000 };

/** Waits until the page shows who is signed in, or that nobody is. */
export async function untilKnown(tab: Page): Promise<void> {
  // Asked from here: a page out of sight paints no frames, and one that is frozen runs no timers.
  await expect.poll(() => tab.evaluate(() => auth.getState().status), patience).not.toBe("loading");
}

/** Waits until the page shows this status, and whom. */
export async function untilShown(tab: Page, status: string, subject = ""): Promise<void> {
  const read = () => ["#status", "#subject"].map((place) => document.querySelector(place)?.textContent);
  await expect.poll(() => tab.evaluate(read), patience).toEqual([status, subject]);
}

export async function signIn(tab: Page, credentials = account): Promise<string> {
  return unchallenged(await tab.evaluate((given) => auth.signIn(given), credentials)).subject;
}

/** One request to the API, by axios: its status, and whom the API took it for. */
export function callApi(tab: Page): Promise<{ status: number; subject: string }> {
  return tab.evaluate(async () => {
    const { status, data } = await api.get("/subject");
    return { status, subject: data.subject };
  });
}

/** One request to the API: whom the API took it for, or the code that says why it was not sent. */
export function tryApi(tab: Page): Promise<string> {
  return tab.evaluate(() =>
    api.get("/subject").then(
      ({ data }) => String(data.subject),
      ({ code }) => String(code),
    ),
  );
}

export function readToken(tab: Page): Promise<string | null> {
  return tab.evaluate(() => auth.accessToken.getState());
}

/** What the page has shown since it first showed somebody. */
export async function shownSinceSignIn(tab: Page): Promise<string[]> {
  const statuses = await tab.evaluate(() => rendered.map(({ status }) => status));
  return statuses.slice(statuses.indexOf("authenticated"));
}
