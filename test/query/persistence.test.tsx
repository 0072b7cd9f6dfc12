import { createSyncStoragePersister } from "@tanstack/query-sync-storage-persister";
import { QueryClient, useQuery } from "@tanstack/react-query";
import { type PersistQueryClientOptions, PersistQueryClientProvider } from "@tanstack/react-query-persist-client";
import { act, cleanup, render, screen } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bindQueryClient } from "../../src/query/bindQueryClient.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { RequireAuth } from "../../src/react/RequireAuth.tsx";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";

type Persister = PersistQueryClientOptions["persister"];

const throttleTime = 1_000;
let frames: string[];

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
beforeEach(() => {
  frames = [];
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** As localStorage stands: everything that a later load of the page could restore. */
const stored = (): string => JSON.stringify(Object.entries(localStorage));

/** Restoring, rendering, fetching and rendering again each wait for the one before. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await act(() => vi.advanceTimersByTimeAsync(1));
}

/** Lets pass what the persister waits before it writes. */
async function written(): Promise<void> {
  await settle();
  await act(() => vi.advanceTimersByTimeAsync(throttleTime));
}

function Data({ client }: { client: TestAuthClient }): ReactElement {
  const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
  const { data } = useQuery({
    queryKey: ["me"],
    queryFn: async () => {
      const state = client.getState();
      return `${state.status === "authenticated" ? state.identity.subject : "nobody"}'s secret`;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  frames.push(`${subject} sees ${data ?? "nothing"}`);
  return <p>{data ?? "nothing"}</p>;
}

/** One load of a page whose cache is persisted, with the packages that TanStack Query has for it. */
function loadPage(client: TestAuthClient, persister: Persister = createLocalPersister()): QueryClient {
  const queryClient = new QueryClient({ defaultOptions: { queries: { gcTime: 24 * 3600 * 1000, retry: false } } });
  bindQueryClient(client, queryClient, { persister });
  render(
    <PersistQueryClientProvider client={queryClient} persistOptions={{ persister }}>
      <AuthProvider client={client}>
        <RequireAuth fallback={<p>Please sign in</p>}>
          <Data client={client} />
        </RequireAuth>
      </AuthProvider>
    </PersistQueryClientProvider>,
  );
  return queryClient;
}

function createLocalPersister(): Persister {
  return createSyncStoragePersister({ storage: localStorage, throttleTime });
}

/** Ada has used the page, her data are in storage, and the page is gone. */
async function leaveAdasCache(): Promise<void> {
  loadPage(createTestAuthClient({ identity: { subject: "ada" } }));
  await written();
  expect(stored()).toContain("ada's secret");
  cleanup();
  frames = [];
}

describe("a cache persisted by the persister packages", () => {
  // B071 https://github.com/SB2318/UltimateHealth/issues/1917
  it.each(["in storage already", "still to be written"])("is removed on sign-out, when it is %s", async (where) => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    loadPage(client);
    await settle();
    expect(screen.getByText("ada's secret")).toBeTruthy();
    if (where === "in storage already") {
      await written();
      expect(stored()).toContain("ada's secret");
    }
    await act(() => client.signOut());
    expect(stored()).not.toContain("ada");
    await written();
    expect(stored()).not.toContain("ada");
  });

  // B071 https://github.com/SB2318/UltimateHealth/issues/1917
  it.each(["is there at once", "comes after the restoring"])(
    "is never restored for another subject, who %s",
    async (when) => {
      await leaveAdasCache();
      const isThere = when === "is there at once";
      const client = createTestAuthClient(
        isThere ? { identity: { subject: "grace" } } : { state: { status: "loading" } },
      );
      loadPage(client);
      await settle();
      if (!isThere) act(() => client.become({ subject: "grace" }));
      await written();
      expect(frames.filter((frame) => frame.startsWith("grace sees ada"))).toEqual([]);
      expect(frames.at(-1)).toBe("grace sees grace's secret");
      expect(stored()).toContain("grace's secret");
      expect(stored()).not.toContain("ada");
    },
  );

  it("is restored for the same subject, without a request", async () => {
    await leaveAdasCache();
    const client = createTestAuthClient({ state: { status: "loading" } });
    loadPage(client);
    await settle();
    act(() => client.become({ subject: "ada" }));
    await written();
    expect(new Set(frames)).toEqual(new Set(["ada sees ada's secret"]));
    expect(stored()).toContain("ada's secret");
  });

  it("that is still being read when its owner signs out is neither shown nor written again", async () => {
    await leaveAdasCache();
    const persister = createLocalPersister();
    const read = await persister.restoreClient();
    let arrive = () => {};
    const arrived = new Promise<typeof read>((resolve) => {
      arrive = () => resolve(read);
    });
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const queryClient = loadPage(client, { ...persister, restoreClient: () => arrived });
    await act(() => client.signOut());
    await act(async () => arrive());
    await settle();
    // Whatever happens in the cache has all of it written.
    queryClient.setQueryData(["prices"], "public");
    await written();
    expect(stored()).toContain("public");
    expect(stored()).not.toContain("ada");
    act(() => client.become({ subject: "grace" }));
    await written();
    expect(frames.filter((frame) => frame.includes("ada's secret"))).toEqual([]);
    expect(stored()).not.toContain("ada");
  });
});
