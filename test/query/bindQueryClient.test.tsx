import {
  hydrate,
  keepPreviousData,
  notifyManager,
  onlineManager,
  QueryClient,
  QueryClientProvider,
  type Mutation,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { act, render, waitFor } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuthError } from "../../src/core/authError.ts";
import type { Identity } from "../../src/core/authState.ts";
import { bindQueryClient } from "../../src/query/bindQueryClient.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { createQuickQueryClient, renderApp } from "../react/renderApp.tsx";

const ada: Identity = { subject: "ada", isGuest: false, sessionId: "1", claims: null };
const grace: Identity = { subject: "grace", isGuest: false, sessionId: "2", claims: null };

afterEach(() => {
  onlineManager.setOnline(true);
  vi.useRealTimers();
});

/** All data in the cache but the mark of its owner. */
function contents(queryClient: QueryClient): unknown[] {
  return queryClient
    .getQueryCache()
    .getAll()
    .filter(({ queryKey }) => queryKey[0] !== "stay-signed-in")
    .map(({ state }) => state.data);
}

function requireSubject(client: TestAuthClient): string {
  const state = client.getState();
  if (state.status !== "authenticated") throw new AuthError("sessionEnded", "Nobody is signed in.");
  return state.identity.subject;
}

describe("a cache bound to the identity", () => {
  // B068 https://github.com/TanStack/query/issues/3182
  it("shows no frame with one subject's data under another, even where the former data are a placeholder", async () => {
    const client = createTestAuthClient({ identity: ada });
    const frames: string[] = [];
    const Page = ({ page }: { page: number }): ReactElement => {
      const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
      const { data } = useQuery({
        queryKey: ["me", page],
        queryFn: async () => `${requireSubject(client)}'s data`,
        placeholderData: keepPreviousData,
        staleTime: Number.POSITIVE_INFINITY,
      });
      frames.push(`${subject} sees ${data}`);
      return <p>{data}</p>;
    };
    const page = renderApp(client, <Page page={1} />);
    await page.findByText("ada's data");
    page.rerenderChildren(<Page page={2} />);
    act(() => client.become(grace));
    await page.findByText("grace's data");
    expect(frames).toContain("grace sees undefined");
    expect(frames.filter((frame) => frame.startsWith("grace sees ada"))).toEqual([]);
    expect(JSON.stringify(contents(page.queryClient))).not.toContain("ada's");
  });

  // B163 https://github.com/AxaFrance/oidc-client/issues/1022
  it("fetches for the new subject what a component that asks nothing of auth goes on showing", async () => {
    const client = createTestAuthClient({ identity: ada });
    const Page = (): ReactElement => (
      <p>
        {useQuery({ queryKey: ["me"], queryFn: async () => requireSubject(client), staleTime: 60_000 }).data ?? "wait"}
      </p>
    );
    const page = renderApp(client, <Page />);
    await page.findByText("ada");
    act(() => client.become(grace));
    await page.findByText("grace");
  });

  // B069 https://github.com/pubky/pubky-app/issues/1536
  it("aborts what is in flight and keeps no late answer", async () => {
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    const unbind = bindQueryClient(client, queryClient);
    let answer: (data: string) => void = () => {};
    let signal: AbortSignal | undefined;
    const calls = vi.fn((context: { signal: AbortSignal }) => {
      signal = context.signal;
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
    const request = queryClient
      .fetchQuery({ queryKey: ["slow"], queryFn: calls, retry: 5 })
      .catch((error: unknown) => error);
    client.setState({ status: "unauthenticated", reason: "signedOut", previousIdentity: ada });
    expect(signal?.aborted).toBe(true);
    client.become(grace);
    answer("ada's late answer");
    await request;
    expect(contents(queryClient)).toEqual([]);
    expect(calls).toHaveBeenCalledTimes(1);
    unbind();
  });

  it("has emptied it before any subscriber hears of the new subject, in each of several query clients, public entries kept", () => {
    const client = createTestAuthClient({ identity: ada });
    const clients = [createQuickQueryClient(), createQuickQueryClient()];
    for (const queryClient of clients) {
      bindQueryClient(client, queryClient);
      queryClient.setQueryDefaults(["prices"], { meta: { public: true } });
      queryClient.setQueryData(["prices"], "public");
      queryClient.setQueryData(["me"], "ada");
    }
    const seen: unknown[] = [];
    client.subscribe(() => seen.push(...clients.map(contents)));
    client.become(grace);
    expect(seen).toEqual([["public"], ["public"]]);
  });

  it.each(["signedOut", "revoked"] as const)("is emptied at once when the session was %s", (reason) => {
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    bindQueryClient(client, queryClient);
    queryClient.setQueryData(["me"], "ada");
    client.setState({ status: "unauthenticated", reason, previousIdentity: ada });
    expect(contents(queryClient)).toEqual([]);
  });

  describe("after an expiry", () => {
    beforeEach(() => vi.useFakeTimers());

    it("is kept for the same subject", () => {
      const client = createTestAuthClient({ identity: ada });
      const queryClient = new QueryClient({ defaultOptions: { queries: { gcTime: Number.POSITIVE_INFINITY } } });
      bindQueryClient(client, queryClient);
      queryClient.setQueryData(["me"], "ada");
      client.endSession("expired");
      vi.advanceTimersByTime(29 * 60_000);
      client.become({ ...ada, sessionId: "9" });
      vi.advanceTimersByTime(60 * 60_000);
      expect(contents(queryClient)).toEqual(["ada"]);
      client.endSession("expired");
      client.become(grace);
      expect(contents(queryClient)).toEqual([]);
    });

    it("is emptied after 30 minutes, also when the timer slept with the machine", () => {
      const client = createTestAuthClient({ identity: ada });
      const queryClient = new QueryClient({ defaultOptions: { queries: { gcTime: Number.POSITIVE_INFINITY } } });
      bindQueryClient(client, queryClient);
      queryClient.setQueryData(["me"], "ada");
      client.endSession("expired");
      vi.advanceTimersByTime(30 * 60_000);
      expect(contents(queryClient)).toEqual([]);

      client.become(ada);
      queryClient.setQueryData(["me"], "ada");
      client.endSession("expired");
      vi.setSystemTime(Date.now() + 8 * 3_600_000);
      client.become(ada);
      expect(contents(queryClient)).toEqual([]);
    });
  });

  // B182 https://github.com/TanStack/query/issues/662
  it("resets queries that failed while nobody was signed in, and fetches what is shown", async () => {
    const client = createTestAuthClient();
    const Page = (): ReactElement => {
      const { status, data } = useQuery({ queryKey: ["me"], queryFn: async () => requireSubject(client) });
      return <p>{data ?? status}</p>;
    };
    const page = renderApp(client, <Page />);
    await page.findByText("error");
    act(() => client.become(ada));
    await page.findByText("ada");
  });

  // B179 https://github.com/antiwork/gumroad-mobile/pull/252
  it.each<[string, unknown, number]>([
    ["an AuthError", new AuthError("sessionEnded", "Nobody is signed in."), 1],
    ["a 401 of axios", Object.assign(new Error("401"), { response: { status: 401 } }), 1],
    ["a 401 with a status", Object.assign(new Error("401"), { status: 401 }), 1],
    ["an outage", new AuthError("unavailable", "No answer."), 4],
    ["a 500 of axios", Object.assign(new Error("500"), { response: { status: 500 } }), 4],
  ])("does not retry in vain: %s, in the first query of a child too", async (_, error, times) => {
    const client = createTestAuthClient({ identity: ada });
    const queryFn = vi.fn(() => Promise.reject(error));
    const Page = (): ReactElement => <p>{useQuery({ queryKey: ["x"], queryFn }).status}</p>;
    const page = renderApp(client, <Page />);
    await page.findByText("error");
    expect(queryFn).toHaveBeenCalledTimes(times);
  });

  it("leaves a retry setting of the app's own alone", () => {
    const client = createTestAuthClient();
    const queryClient = new QueryClient({ defaultOptions: { queries: { retry: 7 } } });
    bindQueryClient(client, queryClient);
    expect(queryClient.getDefaultOptions().queries?.retry).toBe(7);
  });
});

describe("bindQueryClient", () => {
  // N01
  it.each(["around", "inside"] as const)("does its work with AuthProvider %s QueryClientProvider", async (place) => {
    const client = createTestAuthClient({ identity: { ...ada, isGuest: true } });
    const queryClient = createQuickQueryClient();
    bindQueryClient(client, queryClient);
    const frames: string[] = [];
    const Page = (): ReactElement => {
      const { data } = useQuery({ queryKey: ["me"], queryFn: async () => requireSubject(client), staleTime: 60_000 });
      frames.push(`${client.getState().status === "authenticated" ? requireSubject(client) : "nobody"} sees ${data}`);
      return <p>{data ?? "nothing"}</p>;
    };
    const cached = (content: ReactElement) => <QueryClientProvider client={queryClient}>{content}</QueryClientProvider>;
    const page = render(
      place === "around" ? (
        <AuthProvider client={client}>{cached(<Page />)}</AuthProvider>
      ) : (
        cached(
          <AuthProvider client={client}>
            <Page />
          </AuthProvider>,
        )
      ),
    );
    await page.findByText("ada");
    await act(() => client.signOut());
    expect(contents(queryClient)).not.toContain("ada");
    await act(async () => void (await client.signInAsGuest()));
    const guest = requireSubject(client);
    await page.findByText(guest);
    expect(frames.filter((frame) => frame.startsWith(`${guest} sees ada`))).toEqual([]);
  });

  it("done again for the same session replaces what was done before, as hot reload does it", () => {
    const queryClient = createQuickQueryClient();
    const [former, later] = [createTestAuthClient({ identity: ada }), createTestAuthClient({ identity: ada })];
    const told = { former: vi.fn(), later: vi.fn() };
    const unbindFormer = bindQueryClient(former, queryClient, { persister: { removeClient: told.former } });
    queryClient.setQueryData(["me"], "ada");
    bindQueryClient(later, queryClient, { persister: { removeClient: told.later } });
    expect(contents(queryClient)).toEqual(["ada"]);
    former.become(grace);
    unbindFormer();
    expect(contents(queryClient)).toEqual(["ada"]);
    later.become(grace);
    expect(contents(queryClient)).toEqual([]);
    expect([told.former.mock.calls.length, told.later.mock.calls.length]).toEqual([0, 1]);
  });

  it("touches nothing any more when it is undone", () => {
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    const unbind = bindQueryClient(client, queryClient);
    queryClient.setQueryData(["me"], "ada");
    unbind();
    client.become(grace);
    expect(contents(queryClient)).toEqual(["ada"]);
  });

  it.each([
    ["nothing", undefined, undefined],
    ["the two in the wrong order", createQuickQueryClient(), createTestAuthClient()],
    ["no query client", createTestAuthClient(), undefined],
  ])("says what it takes when it is given %s", (_, auth, queryClient) => {
    expect(() => bindQueryClient(auth as never, queryClient as never)).toThrow(
      expect.objectContaining({ code: "invalidOptions", message: expect.stringContaining("createAuthClient()") }),
    );
  });
});

describe("a persisted cache", () => {
  it("is removed from storage with the cache, after it was emptied", () => {
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    const left: unknown[] = [];
    const removeClient = vi.fn(() => void left.push(contents(queryClient)));
    bindQueryClient(client, queryClient, { persister: { removeClient } });
    queryClient.setQueryData(["me"], "ada");
    client.become(grace);
    expect(left).toEqual([[]]);
  });

  it("that cannot be removed does not keep the rest from being emptied; the error is thrown later", async () => {
    vi.useFakeTimers();
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    const removeClient = vi.fn<() => unknown>(() => {
      throw new Error("blocked");
    });
    bindQueryClient(client, queryClient, { persister: { removeClient } });
    onlineManager.setOnline(false);
    const mutation = queryClient.getMutationCache().build(queryClient, { mutationFn: async () => {} });
    void mutation.execute(undefined);
    client.become(grace);
    expect(queryClient.getMutationCache().getAll()).toEqual([]);
    expect(() => vi.runAllTimers()).toThrow("blocked");
    removeClient.mockImplementation(() => Promise.reject(new Error("blocked late")));
    client.become(ada);
    await vi.advanceTimersByTimeAsync(0).catch(() => {});
    expect(removeClient).toHaveBeenCalledTimes(2);
  });

  // B071 https://github.com/SB2318/UltimateHealth/issues/1917
  it.each(["before", "after"] as const)(
    "of somebody else is recognised when it is restored %s the start-up",
    async (when) => {
      const adas = createQuickQueryClient();
      bindQueryClient(createTestAuthClient({ identity: ada }), adas);
      adas.setQueryData(["me"], "ada");
      const { dehydrate } = await import("@tanstack/react-query");
      const stored = dehydrate(adas);

      const client = createTestAuthClient({ state: { status: "loading" } });
      const queryClient = createQuickQueryClient();
      bindQueryClient(client, queryClient);
      if (when === "before") hydrate(queryClient, stored);
      client.become(grace);
      if (when === "after") hydrate(queryClient, stored);
      await Promise.resolve();
      expect(contents(queryClient)).toEqual([]);
    },
  );

  it("of the same subject is kept", async () => {
    const adas = createQuickQueryClient();
    bindQueryClient(createTestAuthClient({ identity: ada }), adas);
    adas.setQueryData(["me"], "ada");
    const { dehydrate } = await import("@tanstack/react-query");
    const client = createTestAuthClient({ state: { status: "loading" } });
    const queryClient = createQuickQueryClient();
    bindQueryClient(client, queryClient);
    client.become(ada);
    hydrate(queryClient, dehydrate(adas));
    await Promise.resolve();
    expect(contents(queryClient)).toEqual(["ada"]);
  });
});

it("stays marked as its owner's when the app clears the cache itself", async () => {
  const queryClient = createQuickQueryClient();
  bindQueryClient(createTestAuthClient({ identity: ada }), queryClient);
  queryClient.clear();
  await Promise.resolve();
  expect(
    queryClient
      .getQueryCache()
      .getAll()
      .map(({ queryKey }) => queryKey.at(-1)),
  ).toEqual(["ada"]);
});

describe("mutations that were queued offline", () => {
  async function queueTwo() {
    const client = createTestAuthClient({ identity: ada });
    const sent: string[] = [];
    const discarded: Mutation[] = [];
    let mutate: (text: string) => void = () => {};
    const Form = (): ReactElement => {
      const mutation = useMutation({
        mutationFn: async (text: string) => {
          sent.push(`${requireSubject(client)}: ${text}`);
        },
      });
      mutate = mutation.mutate;
      return <i />;
    };
    const page = renderApp(client, <Form />, { onDiscardedMutations: (mutations) => discarded.push(...mutations) });
    onlineManager.setOnline(false);
    act(() => mutate("first"));
    act(() => mutate("second"));
    const cache = page.queryClient.getMutationCache();
    await waitFor(() => expect(cache.getAll().map(({ state }) => state.isPaused)).toEqual([true, true]));
    return { client, sent, discarded, cache };
  }

  // B181 https://github.com/nuwannnz/litmus/issues/78
  it("are sent once when the same subject is back, also if they were tried while nobody was signed in", async () => {
    const { client, sent, discarded, cache } = await queueTwo();
    act(() => client.endSession("expired"));
    onlineManager.setOnline(true);
    await waitFor(() => expect(cache.getAll().map(({ state }) => state.status)).toEqual(["error", "error"]));
    act(() => client.become(ada));
    await waitFor(() => expect(sent).toEqual(["ada: first", "ada: second"]));
    act(() => client.endSession("expired"));
    act(() => client.become(ada));
    await act(async () => {});
    expect(sent).toHaveLength(2);
    expect(discarded).toEqual([]);
  });

  // B181 https://github.com/nuwannnz/litmus/issues/78
  it.each([true, false])(
    "are never sent as somebody else, but handed over (tried while nobody was signed in: %s)",
    async (tried) => {
      const { client, sent, discarded, cache } = await queueTwo();
      act(() => client.endSession("revoked"));
      if (tried) {
        onlineManager.setOnline(true);
        await waitFor(() => expect(cache.getAll().map(({ state }) => state.status)).toEqual(["error", "error"]));
      }
      act(() => client.become(grace));
      onlineManager.setOnline(true);
      await act(async () => {});
      expect(sent).toEqual([]);
      expect(discarded.map(({ state }) => state.variables)).toEqual(["first", "second"]);
    },
  );

  it("are left to the app when they were restored with the page", async () => {
    const client = createTestAuthClient({ state: { status: "loading" } });
    const queryClient = createQuickQueryClient();
    bindQueryClient(client, queryClient);
    const state = { ...getDefaultMutationState(), status: "pending", isPaused: true, variables: "restored" } as const;
    queryClient.getMutationCache().build(queryClient, {}, state);
    client.become(ada);
    await new Promise((resolve) => notifyManager.schedule(() => resolve(undefined)));
    expect(queryClient.getMutationCache().getAll()[0]?.state).toMatchObject({ status: "pending", isPaused: true });
  });

  it("are handed over at a sign-out", async () => {
    const { client, discarded } = await queueTwo();
    await act(() => client.signOut());
    expect(discarded).toHaveLength(2);
  });

  it("do not go out again as the next subject when they were being retried, nor run their callbacks", async () => {
    const client = createTestAuthClient({ identity: ada });
    const queryClient = createQuickQueryClient();
    bindQueryClient(client, queryClient);
    const mutationFn = vi.fn(() => Promise.reject(new Error("503")));
    const onError = vi.fn();
    const failed = new Promise<void>((resolve) => {
      queryClient.getMutationCache().subscribe((event) => {
        if (event.type === "updated" && event.action.type === "failed") resolve();
      });
    });
    const mutation = queryClient
      .getMutationCache()
      .build(queryClient, { mutationFn, onError, retry: 1, retryDelay: 5 });
    const outcome = mutation.execute(undefined).catch((error: unknown) => error);
    await failed;
    client.become(grace);
    expect(await outcome).toMatchObject({ code: "identityChanged" });
    expect(mutationFn).toHaveBeenCalledTimes(1);
    expect(onError).not.toHaveBeenCalled();
  });
});

function getDefaultMutationState() {
  return {
    context: undefined,
    data: undefined,
    error: null,
    failureCount: 0,
    failureReason: null,
    submittedAt: 0,
  };
}
