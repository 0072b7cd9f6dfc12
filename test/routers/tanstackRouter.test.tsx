import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { credentials, openWorld } from "./world.ts";

let page: Awaited<ReturnType<typeof openWorld>>;
beforeEach(async () => {
  page = await openWorld();
});
afterEach(() => page.close());

async function openPage(initial = "/?filter=new") {
  const { auth, recipe } = await page.loadRecipe("tanstackRouter.tsx");
  const { queryClient } = recipe;
  queryClient.setDefaultOptions({ queries: { retryDelay: 1, staleTime: 60_000 } });
  const history = createMemoryHistory({ initialEntries: [initial] });
  const visits = [initial];
  history.subscribe(({ location }) => void (visits.at(-1) === location.href || visits.push(location.href)));
  const router = recipe.createAppRouter({ history });
  const { container } = render(
    <AuthProvider client={auth}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </AuthProvider>,
  );
  await page.settle();
  return { auth, router, queryClient, visits, text: () => container.textContent };
}

it("loads for whoever is signed in", async () => {
  await page.leaveSession();
  const { text } = await openPage();
  expect(text()).toBe("Buy milk");
});

it("sends a visitor to the sign-in, and on to the page from there; a sign-out in another tab comes back here", async () => {
  const { auth, text, visits } = await openPage();
  expect(text()).toBe("Please sign in");
  expect(visits.at(-1)).toBe("/sign-in?to=%2F%3Ffilter%3Dnew");
  page.other.start();
  await page.leaveSession();
  await act(() => page.world.until(page.other.signOut()));
  await act(() => page.world.until(auth.signIn(credentials)));
  await page.settle();
  expect(text()).toBe("Buy milk");
  expect(visits.at(-1)).toBe("/?filter=new");
  await act(() => page.world.until(page.other.signOut()));
  await page.settle();
  expect(text()).toBe("Please sign in");
});

// N07
it("sends a guest to the sign-in once, and in no circle", async () => {
  const { auth, text, visits } = await openPage();
  const before = [...visits];
  await act(() => page.world.until(auth.signInAsGuest()));
  await page.settle();
  expect(text()).toBe("Please sign in");
  expect(visits).toEqual(before);
});

it("shows no error page in an outage, neither at the start nor later, and goes on by itself when it is over", async () => {
  await page.leaveSession();
  page.world.network.addFault({ times: Number.POSITIVE_INFINITY, tab: 1, answer: { status: 502, body: "<html>" } });
  const { router, text, visits, queryClient } = await openPage();
  expect(text()).toBe("Looking for your session…");
  page.world.network.clearFaults();
  await act(() => page.world.advance(60_000));
  await page.settle();
  expect(text()).toBe("Buy milk");

  page.world.network.addFault({ times: Number.POSITIVE_INFINITY, tab: 1, cut: "before" });
  await act(() => queryClient.resetQueries());
  await act(() => router.invalidate());
  fireEvent.click(await screen.findByText("Try again"));
  expect(text()).toBe("The server cannot be reached. Try again");
  page.world.network.clearFaults();
  fireEvent.click(screen.getByText("Try again"));
  expect(await screen.findByText("Buy milk")).toBeTruthy();
  expect(visits).toEqual(["/?filter=new"]);
});

it.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])(
  "goes on to no other site after the sign-in: %s",
  async (to) => {
    await page.leaveSession();
    const { text, visits } = await openPage(`/sign-in?to=${encodeURIComponent(to)}`);
    expect(text()).toBe("Buy milk");
    expect(visits.at(-1)).toBe("/");
  },
);
