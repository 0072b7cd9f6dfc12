import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startExample } from "./support/startExample.ts";
import { useExample } from "./support/useExample.ts";

const { visit } = useExample();
let people = 0;

const password = "correct horse battery";

async function fillIn(page: Page, email: string, secret = password): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(secret);
}

async function register(page: Page): Promise<string> {
  people += 1;
  const email = `ada${people}@example.org`;
  await page.getByRole("button", { name: "Create one" }).click();
  await fillIn(page, email);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByLabel("New note").waitFor();
  return email;
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel("New note").fill(text);
  await page.getByRole("button", { name: "Save note" }).click();
}

const noteOf = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

async function writeAsGuest(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Continue as guest" }).click();
  await write(page, "Buy ink");
  await noteOf(page, "Buy ink").waitFor();
}

async function keepNotes(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Keep my notes" }).click();
  people += 1;
  await fillIn(page, `guest${people}@example.org`);
  await page.getByRole("button", { name: "Create account" }).click();
}

describe("the example app", () => {
  it(
    "shows a guest's notes to the account that they came along to, though its list was asked for before they had",
    visit(async (page) => {
      await writeAsGuest(page);
      let letOldAnswerThrough = (): void => {};
      let noteEmptyList = (): void => {};
      const answeredEmpty = new Promise<void>((resolve) => (noteEmptyList = resolve));
      await page.route("**/api/notes", async (route) => {
        const answer = await route.fetch();
        if ((await answer.text()) === "[]") {
          const passes = new Promise<void>((resolve) => (letOldAnswerThrough = resolve));
          noteEmptyList();
          await passes;
        }
        await route.fulfill({ response: answer }).catch(() => {});
      });
      await page.route("**/api/notes/adopt", async (route) => {
        await answeredEmpty;
        await route.continue();
      });
      const adopted = page.waitForResponse("**/api/notes/adopt");
      await keepNotes(page);
      await adopted;
      await noteOf(page, "Buy ink").waitFor();
      letOldAnswerThrough();
      await page.getByText("Where you are signed in").waitFor();
      expect(await noteOf(page, "Buy ink").count()).toBe(1);
    }),
  );

  it(
    "says so when a guest's notes could not be brought along",
    visit(async (page) => {
      await page.route("**/api/notes/adopt", (route) => route.fulfill({ status: 422, body: "{}" }));
      await writeAsGuest(page);
      await keepNotes(page);
      await page.getByRole("alert").getByText("could not be brought along").waitFor();
      await page.getByRole("button", { name: "I see" }).click();
      await page.getByText("could not be brought along").waitFor({ state: "detached" });
    }),
  );

  it(
    "says that there is no network, keeps what is saved meanwhile, and sends it afterwards",
    visit(async (page) => {
      await register(page);
      await page.context().setOffline(true);
      await page.getByText("You are offline, and still signed in.").waitFor();
      await write(page, "Written in a tunnel");
      await page.getByText("Not sent yet: waiting for the network.").waitFor();
      await page.context().setOffline(false);
      await noteOf(page, "Written in a tunnel").waitFor();
      await page.getByText("You are offline").waitFor({ state: "hidden" });
    }),
  );

  it.each([320, 360, 390, 768])("has room for the brand beside a guest's buttons at %i px", (width) =>
    visit(
      async (page) => {
        await page.getByRole("button", { name: "Continue as guest" }).click();
        const parts = [
          page.getByRole("link", { name: "Notebook" }),
          page.getByText("Guest", { exact: true }),
          page.getByRole("button", { name: "Keep my notes" }),
          page.getByRole("button", { name: "Sign out" }),
        ];
        await parts[2]?.waitFor();
        const boxes = await Promise.all(parts.map((part) => part.boundingBox()));
        for (const [index, box] of boxes.entries()) {
          if (box === null) throw new Error("A part of the header is not there.");
          expect(box.x + box.width).toBeLessThanOrEqual(width);
          for (const other of boxes.slice(index + 1)) {
            const isApart =
              other === null ||
              other.x >= box.x + box.width ||
              other.x + other.width <= box.x ||
              other.y >= box.y + box.height ||
              other.y + other.height <= box.y;
            expect(isApart).toBe(true);
          }
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      },
      { viewport: { width, height: 700 } },
    )(),
  );

  it(
    "shows something, as it will look, as soon as the page itself has come, and the rest is sent small",
    visit(async (page) => {
      let letRestThrough = (): void => {};
      const held = new Promise<void>((resolve) => (letRestThrough = resolve));
      await page.route("**/assets/**", async (route) => {
        await held;
        await route.continue();
      });
      const script = page.waitForResponse("**/assets/*.js");
      await page.reload({ waitUntil: "commit" });
      const first = page.getByText("One moment…");
      await first.waitFor();
      await expect
        .poll(() => page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length))
        .toBe(1);
      expect(await first.evaluate((element) => getComputedStyle(element).textAlign)).toBe("center");
      letRestThrough();
      expect((await script).headers()["content-encoding"]).toBe("gzip");
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(await page.getByText("One moment…").count()).toBe(0);
    }),
  );

  it(
    "calls the form what it is",
    visit(async (page) => {
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.getByRole("button", { name: "Create one" }).click();
      await page.getByRole("heading", { name: "Create an account" }).waitFor();
      expect(await page.getByRole("heading", { name: "Sign in" }).count()).toBe(0);
    }),
  );

  it(
    "shows a note at once in the other browser of the same person, by a socket that outlives its token",
    visit(async (page) => {
      const email = await register(page);
      await page.getByText("Connected as you").waitFor();
      await visit(async (other) => {
        await fillIn(other, email);
        await other.getByRole("button", { name: "Sign in" }).click();
        await other.getByText("Connected as you").waitFor();
        await write(other, "From the other browser");
        await noteOf(page, "From the other browser").waitFor();
        // Not by a connection anew: the very one that the token of the sign-in opened.
        await page.getByText("Renewed once").waitFor({ timeout: 30_000 });
        await write(other, "And a token later");
        await noteOf(page, "And a token later").waitFor();
      })();
    }),
  );

  it("blames the password alone where the address cannot be changed, and goes on where it was after the right one", async () => {
    const shortLived = await startExample("start.mjs", { SESSION_SECONDS: "6" });
    try {
      await visit(
        async (page) => {
          await register(page);
          await page.getByLabel("New note").fill("Half a sentence");
          const dialog = page.getByRole("dialog", { name: "Your session has expired" });
          await dialog.waitFor({ timeout: 40_000 });
          await dialog.getByLabel("Password").fill("wrong horse battery");
          await dialog.getByRole("button", { name: "Sign in" }).click();
          await dialog.getByRole("alert").getByText("The password is wrong.", { exact: true }).waitFor();
          await dialog.getByLabel("Password").fill(password);
          await dialog.getByRole("button", { name: "Sign in" }).click();
          await dialog.waitFor({ state: "hidden" });
          expect(await page.getByLabel("New note").inputValue()).toBe("Half a sentence");
        },
        { at: () => shortLived.origin },
      )();
    } finally {
      await shortLived.close();
    }
  });

  it("runs while it is developed: the page from its sources, the server beside it", async () => {
    const developed = await startExample("dev.mjs", { PAGE_PORT: "0" });
    try {
      await visit(
        async (page) => {
          await register(page);
          await write(page, "Hot");
          await noteOf(page, "Hot").waitFor();
          await page.getByText("Connected as you").waitFor();
        },
        { at: () => developed.origin },
      )();
    } finally {
      await developed.close();
    }
  });
});
