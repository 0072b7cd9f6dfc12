import { expect } from "vitest";
import { createTokenBackend } from "../../../src/core/createTokenBackend.ts";
import { createMapStore } from "../../../src/core/tokenBackend/tokenStore.ts";
import { createCookieJar } from "../../../src/testing.ts";

/** Runs a description that was printed: signs in, asks who it is, refreshes twice, signs out. */
export async function expectDescription(
  text: string,
  { fetch, username, password }: { fetch: typeof globalThis.fetch; username: string; password: string },
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
    storages: { localStorage: createMapStore() },
  };
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  const make = new Function("createTokenBackend", `return ${text};`) as (
    create: (options: never) => ReturnType<typeof createTokenBackend>,
  ) => ReturnType<typeof createTokenBackend>;
  const backend = make((options: object) => createTokenBackend({ ...options, platform } as never));
  const { accessToken, subject } = await backend.signIn({ username, password }, call);
  expect(accessToken, text).not.toBe("");
  const user = await backend.fetchUser?.(accessToken, call);
  expect(user?.id ?? subject, text).toBeTruthy();
  for (let round = 0; round < 2; round += 1) expect(await backend.refresh(call), text).toMatchObject({ kind: "token" });
  await backend.signOut?.(null, accessToken, call);
}
