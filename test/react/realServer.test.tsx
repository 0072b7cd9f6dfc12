import { QueryClient, useQuery } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { type ReactElement, useEffect, useLayoutEffect } from "react";
import { afterEach, describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { RequireAuth } from "../../src/react/RequireAuth.tsx";
import { useAuth } from "../../src/react/useAuth.ts";
import { useAuthClient } from "../../src/react/useAuthClient.ts";
import { useSession } from "../../src/react/useSession.ts";
import { createTabs, type SimulatedTabs } from "../../src/testing/createTabs.ts";
import { createServerOnClock } from "../support/createServerOnClock.ts";
import { renderApp } from "./renderApp.tsx";
import { unchallenged } from "../support/unchallenged.ts";

const password = "correct horse battery";
const worlds: Array<{ world: SimulatedTabs; clients: AuthClient[] }> = [];

afterEach(() => {
  for (const { world, clients } of worlds.splice(0)) {
    for (const client of clients) client.dispose();
    world.dispose();
  }
});

async function openBrowser(tabCount: number) {
  const { clock, server } = createServerOnClock();
  const world = createTabs(tabCount, { app: server.app, clock });
  const clients: AuthClient[] = [];
  worlds.push({ world, clients });
  const openClient = (index: number): AuthClient => {
    const tab = world.tabs[index];
    if (tab === undefined) throw new Error(`There is no tab ${index}.`);
    const client = createAuthClient({ platform: tab.platform });
    clients.push(client);
    return client;
  };
  return { world, openClient };
}

/** Signs in on a page that is then left: what stays is the cookie. */
async function leaveSession(world: SimulatedTabs, client: AuthClient, email = "ada@example.org"): Promise<void> {
  await world.until(client.register({ email, password }));
  client.dispose();
  await world.settle();
}

function settle(world: SimulatedTabs): Promise<void> {
  return act(() => world.settle());
}

describe("the provider, on the real server", () => {
  // B053 https://github.com/authts/react-oidc-context/issues/1638
  // B127 https://github.com/firebase/flutterfire/issues/3356
  it("restores a session with one refresh in StrictMode, and shows nothing but loading before", async () => {
    const { world, openClient } = await openBrowser(1);
    await leaveSession(world, openClient(0));
    const seen: string[] = [];
    const Page = (): ReactElement => {
      seen.push(useAuth().status);
      return <i />;
    };
    renderApp(openClient(0), <Page />, { strict: true });
    await settle(world);
    expect([...new Set(seen)]).toEqual(["loading", "authenticated"]);
    expect(world.refreshes()).toHaveLength(1);
  });

  // B054 https://github.com/miguelgrinberg/react-microblog/issues/5
  // B138 https://github.com/Bike4Mind/bike4mind/pull/663
  it("serves requests of children's first effects, which run before its own, from the same refresh", async () => {
    const { world, openClient } = await openBrowser(1);
    await leaveSession(world, openClient(0));
    const outcomes: string[] = [];
    const Page = (): ReactElement => {
      const client = useAuthClient();
      useLayoutEffect(
        () =>
          void client.getAccessToken().then(
            (token) => outcomes.push(token),
            (e) => outcomes.push(e.code),
          ),
        [client],
      );
      useEffect(
        () =>
          void client.getAccessToken().then(
            (token) => outcomes.push(token),
            (e) => outcomes.push(e.code),
          ),
        [client],
      );
      return <i />;
    };
    renderApp(openClient(0), <Page />, { strict: true });
    await settle(world);
    expect(outcomes).toHaveLength(4);
    expect(new Set(outcomes).size).toBe(1);
    expect(outcomes[0]).toContain(".");
    expect(world.refreshes()).toHaveLength(1);
  });

  // B086 https://github.com/nextauthjs/next-auth/issues/3405
  it("renders no consumer over ten renewals, and keeps the identity's object", async () => {
    const { world, openClient } = await openBrowser(1);
    const client = openClient(0);
    const identities = new Set<unknown>();
    let renders = 0;
    const Page = (): ReactElement => {
      const auth = useAuth();
      renders += 1;
      if (auth.status === "authenticated") identities.add(auth.identity);
      return <i />;
    };
    renderApp(client, <Page />);
    await settle(world);
    await act(() => world.until(client.register({ email: "ada@example.org", password })));
    const rendersBefore = renders;
    for (let renewal = 0; renewal < 10; renewal += 1) await act(() => world.advance(15 * 60_000));
    expect(world.refreshes().length).toBeGreaterThanOrEqual(10);
    expect(renders).toBe(rendersBefore);
    expect(identities.size).toBe(1);
  });

  // B163 https://github.com/AxaFrance/oidc-client/issues/1022
  it("shows no frame of one subject's data under another when another tab has signed somebody else in", async () => {
    const { world, openClient } = await openBrowser(2);
    const [first, second] = [openClient(0), openClient(1)];
    const frames: string[] = [];
    const Page = (): ReactElement => {
      const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
      const client = useAuthClient();
      const { user } = useSession();
      const letters = useQuery({
        queryKey: ["letters"],
        queryFn: async () => `letters of ${(await client.fetchUser()).id}`,
      });
      frames.push(`${subject}|${user?.id}|${letters.data}`);
      return <p>{letters.data}</p>;
    };
    const page = renderApp(first, <Page />, { queryClient: new QueryClient() });
    const stopSecond = second.start();
    await settle(world);
    const ada = unchallenged(await act(() => world.until(first.register({ email: "ada@example.org", password }))));
    await page.findByText(`letters of ${ada.subject}`);
    const grace = unchallenged(await act(() => world.until(second.register({ email: "grace@example.org", password }))));
    await settle(world);
    await page.findByText(`letters of ${grace.subject}`);
    const underGrace = frames.filter((frame) => frame.startsWith(grace.subject));
    expect(underGrace.length).toBeGreaterThan(0);
    expect(underGrace.filter((frame) => frame.includes(ada.subject))).toEqual([]);
    stopSecond();
  });

  it("keeps the cache of an expired session for the same subject, and empties it when another tab signs out", async () => {
    const { world, openClient } = await openBrowser(2);
    const [first, second] = [openClient(0), openClient(1)];
    const queryClient = new QueryClient({ defaultOptions: { queries: { gcTime: Number.POSITIVE_INFINITY } } });
    const page = renderApp(
      first,
      <RequireAuth fallback={(auth) => (auth.status === "unauthenticated" ? auth.reason : "guest")}>
        private
      </RequireAuth>,
      { queryClient },
    );
    const stopSecond = second.start();
    await settle(world);
    const letters = () => queryClient.getQueryData(["letters"]);

    await act(() => world.until(first.register({ email: "ada@example.org", password })));
    queryClient.setQueryData(["letters"], "Ada's letters");
    world.jar.clear();
    await act(() => world.advance(15 * 60_000));
    expect(page.container.textContent).toBe("expired");
    expect(letters()).toBe("Ada's letters");

    await act(() => world.until(first.signIn({ username: "ada@example.org", password })));
    expect(page.container.textContent).toBe("private");
    expect(letters()).toBe("Ada's letters");

    await act(() => world.until(second.signOut()));
    await settle(world);
    expect(page.container.textContent).toBe("signedOut");
    expect(letters()).toBeUndefined();
    stopSecond();
  });

  // B216 https://github.com/B3Pay/ic-reactor/issues/745
  it("leaves nothing behind after a hundred mounts", async () => {
    const { world, openClient } = await openBrowser(1);
    const client = openClient(0);
    for (let round = 0; round < 100; round += 1) renderApp(client, <i />, { strict: true }).unmount();
    await settle(world);
    client.dispose();
    await world.settle();
    expect(world.leftovers()).toEqual([]);
  });
});
