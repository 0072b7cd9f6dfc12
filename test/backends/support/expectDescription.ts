import { expect } from "vitest";
import { createTokenBackend } from "../../../src/core/createTokenBackend.ts";
import type { TokenBackend } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import { createMapStore } from "../../../src/core/tokenBackend/tokenStore.ts";
import { createCookieJar } from "../../../src/testing.ts";
import { unchallenged } from "../../support/unchallenged.ts";

/** Runs a description that was printed: signs in, asks who it is, refreshes twice, signs out. */
export async function expectDescription(
  text: string,
  {
    fetch,
    oauth2,
    ...given
  }: {
    fetch: typeof globalThis.fetch;
    username: string;
    password: string;
    /** The preset, for a description that calls it. */
    oauth2?: (options: never) => TokenBackend;
  },
): Promise<void> {
  const jar = createCookieJar();
  const call = {
    signal: new AbortController().signal,
    async fetch(input: RequestInfo | URL, init?: RequestInit) {
      const url = input as string;
      const cookie = jar.header(url);
      const headers = { ...(init?.headers as Record<string, string>), ...(cookie !== null && { Cookie: cookie }) };
      const response = await fetch(url, { ...init, headers });
      jar.receive(response.headers.getSetCookie(), url);
      return response;
    },
  };
  const platform = {
    clock: { now: Date.now, monotonicNow: () => performance.now(), setTimer: () => () => {} },
    random: Math.random,
    openChannel: undefined,
    storages: { localStorage: createMapStore(), sessionStorage: createMapStore() },
  };
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  const make = new Function("createTokenBackend", "oauth2", `return ${text};`) as (
    ...create: Array<(options: object) => TokenBackend>
  ) => TokenBackend;
  const backend = make(
    (options) => createTokenBackend({ ...options, platform } as never),
    (options) => oauth2?.({ ...options, platform } as never) ?? expect.fail("no such preset was expected"),
  );
  const { accessToken, subject } = unchallenged(await backend.signIn(given, call));
  expect(accessToken, text).not.toBe("");
  const user = await backend.fetchUser?.(accessToken, call);
  expect(user?.id ?? subject, text).toBeTruthy();
  for (let round = 0; round < 2; round += 1) expect(await backend.refresh(call), text).toMatchObject({ kind: "token" });
  await backend.signOut?.(null, accessToken, call);
}
