import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { App } from "./startApp.ts";

/** Fails when a script of the page can find a token that the server handed out, anywhere but in memory. */
export async function expectNoReadableToken(tab: Page, app: App): Promise<void> {
  const readable = await tab.evaluate(async () => {
    const attempt = (read: () => unknown): string => {
      try {
        return JSON.stringify(read()) ?? "";
      } catch {
        return "";
      }
    };
    async function readDatabase(name: string): Promise<unknown> {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      const stores = [...database.objectStoreNames];
      const contents = stores.map(
        (store) =>
          new Promise((resolve, reject) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
            reading.onerror = () => reject(reading.error);
          }),
      );
      const read = await Promise.all(contents);
      database.close();
      return read;
    }
    let databases: unknown[] = [];
    try {
      const names = (await indexedDB.databases()).map(({ name }) => name ?? "");
      databases = await Promise.all(names.map(readDatabase));
    } catch {
      // Blocked: then nothing can be kept there.
    }
    return [
      attempt(() => Object.entries(localStorage)),
      attempt(() => Object.entries(sessionStorage)),
      attempt(() => databases),
      attempt(() => [document.cookie, window.name, history.state, location.href]),
    ].join("\n");
  });
  const found = [...app.tokens].filter((token) => readable.includes(token));
  expect(found.length, "tokens that a script can read").toBe(0);
  expect(readable, "the form of an access or refresh token").not.toMatch(/eyJ[\w-]+\.eyJ|ssr1\./);
}
