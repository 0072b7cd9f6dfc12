import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openPage } from "../server/support/page.ts";
import type { Scene } from "./support/playScene.ts";
import { account, callApi, signIn, untilShown } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";
import { firefoxPath, useFirefox } from "./support/useFirefox.ts";

const bound = { isBound: true, server: { sessionBinding: "required" } } as const;

/** Whoever copied the cookies of the profile to another machine. */
async function refreshWithCopy({ app, profile }: Scene): Promise<{ status: number; detail: unknown }> {
  const jar = new Map((await profile.cookies()).map(({ name, value }) => [name, value]));
  const answer = await openPage(app.auth, { origin: app.origin, jar }).send("POST", "/jwt/refresh");
  return { status: answer.status, detail: (answer.body as { detail?: unknown }).detail };
}

/** What a script of the page gets of the key. */
const exportKey = (tab: Page): Promise<string> =>
  tab.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open("stay-signed-in");
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error("no database"));
    });
    const pair = await new Promise<CryptoKeyPair>((resolve) => {
      const reading = database.transaction("keys").objectStore("keys").get("session");
      reading.onsuccess = () => resolve(reading.result as CryptoKeyPair);
    });
    database.close();
    return crypto.subtle.exportKey("jwk", pair.privateKey).then(
      () => "exported",
      (error: Error) => error.name,
    );
  });

/** As a browser does that keeps no site data. */
const blockIndexedDb = (profile: BrowserContext): Promise<unknown> =>
  profile.addInitScript(() => {
    Object.defineProperty(globalThis, "indexedDB", {
      get: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });

async function playBoundSession(scene: Scene): Promise<void> {
  const { ada, openTab } = scene;
  const [one, two] = [await openTab(), await openTab()];
  expect(await signIn(one)).toBe(ada);
  await untilShown(two, "authenticated", ada);
  // One key for all tabs, also for those of later.
  await two.reload();
  await untilShown(two, "authenticated", ada);
  const three = await openTab();
  await untilShown(three, "authenticated", ada);
  for (const tab of [one, two, three]) {
    await tab.evaluate(() => auth.refresh());
    expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
  }
  expect(await exportKey(one)).toBe("InvalidAccessError");
  expect(await refreshWithCopy(scene)).toEqual({ status: 401, detail: "REFRESH_TOKEN_PROOF_INVALID" });
  await one.reload();
  await untilShown(one, "authenticated", ada);
}

describe("a session bound to a key, in Chromium", () => {
  const { scenario } = useChromium();

  it(
    "is that of all tabs, outlives reloads, and is worth nothing as a copy of the cookies",
    scenario(bound, playBoundSession),
  );

  it(
    "does without the key where IndexedDB is blocked and binding is optional",
    scenario({ isBound: true, server: { sessionBinding: "optional" } }, async ({ ada, profile, openTab }) => {
      await blockIndexedDb(profile);
      const tab = await openTab();
      expect(await signIn(tab)).toBe(ada);
      await tab.reload();
      await untilShown(tab, "authenticated", ada);
    }),
  );

  it(
    "says clearly why nobody can sign in where IndexedDB is blocked and binding is required",
    scenario(bound, async ({ profile, openTab }) => {
      await blockIndexedDb(profile);
      const tab = await openTab();
      const refused = await tab.evaluate(
        (given) => auth.signIn(given).catch(({ serverCode, reason }) => ({ serverCode, reason })),
        account,
      );
      expect(refused).toEqual({ serverCode: "SESSION_BINDING_REQUIRED", reason: expect.stringContaining("IndexedDB") });
    }),
  );
});

const missing = firefoxPath === undefined ? " (skipped: no Firefox here; install one or set FIREFOX to its path)" : "";
describe.skipIf(firefoxPath === undefined)(`a session bound to a key, in Firefox${missing}`, () => {
  const { scenario } = useFirefox();

  it(
    "is that of all tabs, outlives reloads, and is worth nothing as a copy of the cookies",
    scenario(bound, playBoundSession),
  );
});
