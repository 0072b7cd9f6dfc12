import { createRequire } from "node:module";
import { act, cleanup, render, screen } from "@testing-library/react";
import type { AxiosError } from "axios";
import * as React from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuthProvider, useSession } from "../../src/index.ts";
import { createMapStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { axiosOver, blockOf, clientOf, openTabs, requestsOf } from "./support/migrationGuide.ts";

// Unlike the page's own modules these are CommonJS, and only `require` reads their default exports as they mean them.
const require = createRequire(import.meta.url);
const authKit = (name: string): never => (require(`react-auth-kit/${name}`) as { default: never }).default;

const MINUTE_MS = 60_000;

describe("the habits of the migration guide that live in React", () => {
  let world: ReturnType<typeof openTabs>["world"];
  let api: ReturnType<typeof openTabs>["api"];
  const http = () => world.tabs.map(({ platform }) => axiosOver(platform.fetch));

  beforeEach(() => {
    ({ world, api } = openTabs());
    localStorage.clear();
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: world.clock.now() });
  });
  afterEach(async () => {
    cleanup();
    vi.useRealTimers();
    await world.settle();
    world.dispose();
  });

  /** Both clocks: that of the pages' old code, and that of the server and of the client. */
  const pass = (ms: number): Promise<void> =>
    act(async () => {
      await world.advance(ms);
      vi.advanceTimersByTime(ms);
      await world.settle();
    });

  it("reactAuthKit.ts, before: each tab renews with a refresh token of its own, and one of two is locked out", async () => {
    const Provider = authKit("AuthProvider") as React.ComponentType<{ store: object; children: React.ReactNode }>;
    const useSignIn = authKit("hooks/useSignIn") as () => (session: object) => boolean;
    const openStore = (index: number): { tokenObject: { value: { auth: { token: string } | null } } } => {
      const given = [http()[index], authKit("createRefresh"), authKit("createStore")];
      return blockOf("reactAuthKit.ts", "axios", "createRefresh", "createStore")(...given)["store"] as never;
    };
    const { accessToken, refreshToken } = api.answer(api.server.begin(42));
    function SignIn() {
      const signIn = useSignIn();
      React.useEffect(() => {
        signIn({ auth: { token: accessToken }, refresh: refreshToken, userState: { id: 42 } });
      }, [signIn]);
      return null;
    }
    render(
      <Provider store={openStore(0)}>
        <SignIn />
      </Provider>,
    );
    cleanup();
    // Both are loaded after the sign-in: its provider looks for a session as it renders.
    const stores = [openStore(0), openStore(1)];
    for (const store of stores) render(<Provider store={store}>{null}</Provider>);
    await pass(10 * MINUTE_MS);
    expect([api.refreshes(), api.refusals()]).toEqual([2, 1]);
    await pass(6 * MINUTE_MS);
    const asked = stores.map(({ tokenObject }, index) => {
      const headers = { Authorization: `Bearer ${tokenObject.value.auth?.token}` };
      return http()
        [index]!.get("/notes", { headers })
        .catch((error: AxiosError) => error.response);
    });
    const statuses = (await world.until(Promise.all(asked))).map((response) => response?.status);
    expect(new Set(statuses)).toEqual(new Set([200, 401]));
  });

  it("SessionProvider.tsx, before: an old key is who is signed in, and a sign-out reaches no other tab", async () => {
    localStorage.setItem("user", '{ "name": "Ada" }');
    localStorage.setItem("refreshToken", "one that has ended long ago");
    const open = (index: number) => {
      const given = [React, React.createContext, React.useState, React.useEffect, http()[index]];
      const names = ["React", "createContext", "useState", "useEffect", "axios"];
      const { SessionContext, SessionProvider } = blockOf("SessionProvider.tsx", ...names)(...given);
      const Context = SessionContext as unknown as React.Context<{ user: { name: string } | null; signOut(): void }>;
      const Provider = SessionProvider as unknown as React.ComponentType<{ children: React.ReactNode }>;
      function Name() {
        const { user, signOut } = React.useContext(Context);
        return (
          <button onClick={signOut}>{user === null ? `tab ${index}: nobody` : `tab ${index}: ${user.name}`}</button>
        );
      }
      render(
        <Provider>
          <Name />
        </Provider>,
      );
    };
    open(0);
    open(1);
    expect([screen.getByText("tab 0: Ada"), screen.getByText("tab 1: Ada")]).toHaveLength(2);
    act(() => screen.getByText("tab 0: Ada").click());
    await pass(MINUTE_MS);
    expect(screen.getByText("tab 0: nobody")).toBeTruthy();
    expect(screen.getByText("tab 1: Ada")).toBeTruthy();
  });

  it("after: one refresh for both tabs, requests that go on, and a sign-out that reaches the other", async () => {
    const shared = createMapStore();
    const items = new Map([["refreshToken", api.server.begin(42).refreshToken]]);
    const clients = world.tabs.map((tab) => clientOf(tab, { shared, items }));
    function Name({ tab }: { tab: number }) {
      const { user } = useSession();
      return user === null ? `tab ${tab}: nobody` : `tab ${tab}: ${user.id}`;
    }
    for (const [index, client] of clients.entries())
      render(
        <AuthProvider client={client}>
          <Name tab={index} />
        </AuthProvider>,
      );
    await act(() => world.until(Promise.all(clients.map((client) => client.ready()))));
    await pass(0);
    expect([screen.getByText("tab 0: 42"), screen.getByText("tab 1: 42")]).toHaveLength(2);
    for (let passed = 0; passed < 60; passed += 1) await pass(MINUTE_MS);
    expect(api.refusals()).toBe(0);
    // Tokens of a quarter of an hour, each renewed some minutes before its end.
    expect(api.refreshes()).toBeLessThanOrEqual(1 + 5);
    for (const [index, client] of clients.entries())
      expect((await world.until(requestsOf(world.tabs[index]!, client).get("/notes"))).status).toBe(200);
    await act(() => world.until(clients[0]!.signOut()));
    await pass(0);
    expect([screen.getByText("tab 0: nobody"), screen.getByText("tab 1: nobody")]).toHaveLength(2);
    cleanup();
    for (const client of clients) client.dispose();
  });
});
