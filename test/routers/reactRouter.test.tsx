import { act, fireEvent, render, screen } from "@testing-library/react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { credentials, openWorld } from "./world.ts";

let page: Awaited<ReturnType<typeof openWorld>>;
beforeEach(async () => {
  page = await openWorld();
});
afterEach(() => page.close());

async function openPage(initial = "/?filter=new") {
  const { auth, recipe } = await page.loadRecipe("reactRouter.tsx");
  const router = recipe.revalidateWithSession(createMemoryRouter(recipe.routes, { initialEntries: [initial] }));
  const visits = [initial];
  router.subscribe(({ location }: { location: Location }) => {
    const visit = location.pathname + location.search;
    if (visits.at(-1) !== visit) visits.push(visit);
  });
  const { container } = render(
    <AuthProvider client={auth}>
      <RouterProvider router={router} />
    </AuthProvider>,
  );
  await page.settle();
  return { auth, router, visits, text: () => container.textContent };
}

it("loads for whoever is signed in, before anything of the page renders", async () => {
  await page.leaveSession();
  const { text } = await openPage();
  expect(text()).toBe("Buy milk");
});

it("sends a visitor to the sign-in, and on to the page from there; a sign-out in another tab comes back here", async () => {
  const { auth, text, visits } = await openPage();
  expect(text()).toBe("Please sign in");
  expect(visits).toEqual(["/?filter=new", "/sign-in?to=%2F%3Ffilter%3Dnew"]);
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
  await act(() => page.world.until(auth.signInAsGuest()));
  await page.settle();
  expect(text()).toBe("Please sign in");
  expect(visits).toEqual(["/?filter=new", "/sign-in?to=%2F%3Ffilter%3Dnew"]);
});

it("shows no error page in an outage, neither at the start nor later, and goes on by itself when it is over", async () => {
  await page.leaveSession();
  page.world.network.addFault({ times: Number.POSITIVE_INFINITY, tab: 1, answer: { status: 502, body: "<html>" } });
  const { router, text, visits } = await openPage();
  expect(text()).toBe("Looking for your session…");
  page.world.network.clearFaults();
  await act(() => page.world.advance(60_000));
  await page.settle();
  expect(text()).toBe("Buy milk");

  page.world.network.addFault({ times: Number.POSITIVE_INFINITY, tab: 1, cut: "before" });
  await act(() => router.revalidate());
  expect(text()).toBe("The server cannot be reached. Try again");
  page.world.network.clearFaults();
  fireEvent.click(screen.getByText("Try again"));
  await page.settle();
  expect(text()).toBe("Buy milk");
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
