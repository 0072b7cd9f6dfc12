import { act, fireEvent, type RenderResult, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { type AuthClientOptions, createAuthClient } from "../../src/core/createAuthClient.ts";
import { AuthDevtools } from "../../src/devtools/AuthDevtools.tsx";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { createTabs, type SimulatedTabs } from "../../src/testing/createTabs.ts";
import { createServerOnClock } from "../support/createServerOnClock.ts";
import { withProofs } from "../support/withProofs.ts";

export const password = "correct horse battery";
export const undo: (() => void)[] = [];

/** For each file that opens a panel: whatever a test has put into {@link undo} is undone after it. */
export function setUpPanels(): void {
  beforeEach(() => {
    // The panel looks again by an interval of the page's own; the client's timers are the simulated world's.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    for (const step of undo.splice(0).reverse()) step();
    vi.useRealTimers();
  });
}

/** A browser of simulated tabs in front of the real server, with somebody signed in. */
export async function openBrowser(tabCount = 1, isBound = false, options: Partial<AuthClientOptions> = {}) {
  const { clock, server } = createServerOnClock({ sessionBinding: "optional" });
  const world = createTabs(tabCount, { app: isBound ? await withProofs(server.app) : server.app, clock });
  const clients = world.tabs.map(({ platform }) => createAuthClient({ ...options, platform }));
  undo.push(() => {
    for (const client of clients) client.dispose();
    world.dispose();
  });
  const [client] = clients;
  if (client === undefined) throw new Error("There is no tab.");
  await world.until(client.register({ email: "ada@example.org", password }));
  return { world, client, clients };
}

/** Shows the panel, and hands out what a developer does with it. */
export async function openPanel(world: SimulatedTabs, client: AuthClient) {
  const page: RenderResult = render(
    <AuthProvider client={client}>
      <AuthDevtools placement="inline" />
    </AuthProvider>,
  );
  undo.push(() => page.unmount());
  const look = async (): Promise<void> => {
    await act(async () => {
      await world.settle();
      vi.advanceTimersByTime(250);
      await world.settle();
    });
  };
  const press = async (name: string): Promise<void> => {
    fireEvent.click(screen.getByRole("button", { name }));
    await look();
  };
  const row = (term: string): string =>
    screen.getByText(term, { selector: "dt" }).nextElementSibling?.textContent ?? "";
  const list = (name: string): string => screen.queryByRole("list", { name })?.textContent ?? "";
  await look();
  return { page, look, press, row, list };
}
