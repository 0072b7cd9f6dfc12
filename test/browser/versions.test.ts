import { describe, expect, it } from "vitest";
import { bundleVersion, type Patch } from "./support/bundleVersion.ts";
import { callApi, otherAccount, shownSinceSignIn, signIn, tryApi, untilShown } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";

const quarterHourMs = 900_000;
const newMessages = ["const VERSION = 1;", "const VERSION = 2;"] as const;
const otherKey = ["`${namespace}:session`", "`${namespace}:session-2`"] as const;

/** What a later release may have changed. */
const laterVersions: Readonly<Record<string, Patch>> = {
  "writes other messages, and its record under another key": {
    "core/tabs.ts": [newMessages],
    "core/record.ts": [otherKey],
  },
  "writes other messages, and another kind of record under the same key": {
    "core/tabs.ts": [newMessages],
    "core/record.ts": [
      ["parseSession(storage.read(key))", 'parseSession((storage.read(key)?.["session"] ?? null) as Fields | null)'],
      ["storage.write(key, toWritten(session))", "storage.write(key, { version: 2, session: toWritten(session) })"],
    ],
  },
};

describe.each(Object.entries(laterVersions))("two versions on one origin, of which the later one %s", (_, patch) => {
  const { scenario } = useChromium(async () => [await bundleVersion(), await bundleVersion(patch)]);

  it(
    "share the session, renew once a lifetime each, and end together at the next contact with the server",
    scenario({}, async ({ app, ada, profile, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      const later = await openTab(`${app.origin}/other`);
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      await later.reload();
      await untilShown(later, "authenticated", ada);
      const tabs = [first, second, later];

      const startedAt = Date.now();
      for (const lifetime of [1, 2]) {
        const before = app.counts.refresh;
        await profile.clock.setFixedTime(startedAt + lifetime * quarterHourMs);
        for (const answer of await Promise.all(tabs.map(callApi)))
          expect(answer).toEqual({ status: 200, subject: ada });
        expect(app.counts.refresh - before).toBe(2);
      }
      expect(app.apiStatuses).toEqual(Array.from({ length: 6 }, () => 200));
      for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      for (const tab of tabs) await tab.reload();
      for (const tab of tabs) await untilShown(tab, "authenticated", ada);
      expect(app.counts).toMatchObject({ login: 1, logout: 0 });

      await later.evaluate(() => auth.signOut());
      await untilShown(later, "unauthenticated");
      expect(await profile.cookies()).toEqual([]);
      expect(await first.evaluate(() => auth.refresh().catch(({ code }) => code))).toBe("sessionEnded");
      for (const tab of tabs) await untilShown(tab, "unauthenticated");
      for (const tab of tabs) await tab.reload();
      for (const tab of tabs) await untilShown(tab, "unauthenticated");
    }),
  );

  it(
    "become whoever signs in at the other, and send nothing again as somebody else",
    scenario({}, async ({ app, ada, bob, openTab }) => {
      const [first, later] = [await openTab(), await openTab(`${app.origin}/other`)];
      await signIn(later);
      await first.reload();
      await untilShown(first, "authenticated", ada);
      await signIn(first, otherAccount);
      app.refuseTokens();
      expect(await tryApi(later)).toBe("identityChanged");
      await untilShown(later, "authenticated", bob);
      expect(await callApi(later)).toEqual({ status: 200, subject: bob });
      expect(await callApi(first)).toEqual({ status: 200, subject: bob });
      expect(app.apiSubjects).toEqual([bob, bob]);
      await first.evaluate(() => auth.signOut());
      await later.reload();
      await untilShown(later, "unauthenticated");
      await untilShown(first, "unauthenticated");
    }),
  );
});
