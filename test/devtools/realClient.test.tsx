import { act, fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refreshLockName } from "../../src/core/refreshLock.ts";
import { maskToken } from "../../src/devtools/maskToken.ts";
import { openBrowser, openPanel, setUpPanels, undo } from "./openPanel.tsx";

setUpPanels();

describe("the devtools of a real client", () => {
  it("say when the next refresh comes and why, and afterwards how it went", async () => {
    const { world, client } = await openBrowser();
    const { row, list, look } = await openPanel(world, client);
    expect(row("Next")).toMatch(/^in 1[0-4] min, before the token ends$/);
    await act(() => world.advance(14 * 60_000));
    await look();
    expect(list("Refreshes")).toMatch(/refreshedthis tab, 0 ms, by the timer/);
    expect(world.refreshes()).toHaveLength(1);
  });

  it("tell what this tab did from what another one did", async () => {
    const { world, client, clients } = await openBrowser(2);
    const { row, list, look } = await openPanel(world, client);
    const other = clients[1];
    undo.push(other?.start() ?? (() => {}));
    await look();
    expect(row("Siblings")).toBe("1 other tab");
    await act(() => world.until(other?.refresh() ?? Promise.resolve()));
    await look();
    expect(list("Refreshes")).toMatch(/adoptedthis tabwhich tab asked the server was not seen$/);
  });

  it("show who waits and that another tab holds the lock", async () => {
    const { world, client, clients } = await openBrowser(2);
    const { row, look } = await openPanel(world, client);
    expect(row("Lock")).toBe("free");
    const lock = clients[1]?.internals.platform.lock;
    let letGo = (): void => {};
    const held = lock?.request(
      refreshLockName(client.internals.namespace),
      new AbortController().signal,
      () => new Promise<void>((resolve) => (letGo = resolve)),
    );
    const rejectedToken = client.accessToken.getState() ?? "";
    let refreshed: Promise<unknown> = Promise.resolve();
    act(() => {
      refreshed = client.getAccessToken({ rejectedToken });
    });
    await look();
    expect(row("Lock")).toBe("held by another tab");
    expect(row("Waiting")).toBe("1 request");
    await act(async () => {
      letGo();
      await world.until(Promise.all([held, refreshed]));
    });
    await look();
    expect(row("Waiting")).toBe("no request");
    expect(row("Lock")).toBe("free");
  });

  it("cut the client off and let it go on: the session stays, the backoff is shown, the rest is made up for", async () => {
    const { world, client } = await openBrowser();
    const { press, row, list } = await openPanel(world, client);
    await press("Go offline");
    await press("Refresh now");
    expect(list("Refreshes")).toContain("failedthis tab, 0 ms, by handunavailable");
    expect(row("Backoff")).toMatch(/^1 failure in a row; all tabs wait until \d\d:\d\d:\d\d$/);
    expect(row("Next")).toMatch(/the next attempt after a failure$/);
    expect(client.getState().status).toBe("authenticated");
    expect(world.refreshes()).toHaveLength(0);
    await press("Go online");
    expect(row("Backoff")).toBe("none");
    expect(world.refreshes()).toHaveLength(1);
  });

  it("leave nothing cut off behind when they go", async () => {
    const { world, client } = await openBrowser();
    const { fetch } = client.internals.platform;
    const { page, press } = await openPanel(world, client);
    await press("Go offline");
    expect(client.internals.platform.fetch).not.toBe(fetch);
    expect(client.internals.watchRequest).toBeDefined();
    page.unmount();
    expect(client.internals.platform.fetch).toBe(fetch);
    expect(client.internals.watchRequest).toBeUndefined();
  });

  it.each([
    ["Revoke session", "revoked"],
    ["Expire session", "expired"],
  ] as const)("end the session as a server would: %s", async (button, reason) => {
    const { world, client } = await openBrowser();
    const { fetch } = client.internals.platform;
    const { page, press, row, list } = await openPanel(world, client);
    await press(button);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason });
    expect(row("Status")).toBe(`out: ${reason}`);
    expect(list("Events")).toContain(`sessionEnded${reason}`);
    expect(list("Refreshes")).toContain(`session ended`);
    // The server was not asked, and its session lives: a reload brings it back.
    expect(world.refreshes()).toHaveLength(0);
    page.unmount();
    expect(client.internals.platform.fetch).toBe(fetch);
  });

  it("have an expired token replaced, and say when the client leaves one alone", async () => {
    const { world, client } = await openBrowser();
    const { press } = await openPanel(world, client);
    await press("Expire token");
    expect(screen.getByRole("status")).toHaveTextContent("Expire token: done, and a new one came");
    expect(world.refreshes()).toHaveLength(1);
    // S09: the next refusals may be news as well, until so many in a row cannot be the token's fault.
    for (let time = 0; time < 5; time += 1) await press("Expire token");
    expect(screen.getByRole("status")).toHaveTextContent("left alone");
    expect(world.refreshes().length).toBeLessThanOrEqual(5);
  });

  it("sign out here, or everywhere", async () => {
    for (const [button, isElsewhere] of [
      ["Sign out here", false],
      ["Sign out everywhere", true],
    ] as const) {
      const { world, client } = await openBrowser();
      const { page, press } = await openPanel(world, client);
      await press(button);
      expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      expect(world.log().some(({ method, path }) => method === "DELETE" && path.endsWith("/sessions"))).toBe(
        isElsewhere,
      );
      page.unmount();
    }
  });

  it("say that a session is bound to a key, in every tab, and not of one that is not", async () => {
    const bound = await openBrowser(2, true);
    for (const client of bound.clients) {
      const { page, row } = await openPanel(bound.world, client);
      expect(row("Session")).toMatch(/ \(bound to a key\)$/);
      page.unmount();
    }
    const plain = await openBrowser();
    const { row } = await openPanel(plain.world, plain.client);
    expect(row("Session")).toMatch(/^[\w-]+$/);
  });

  it("put a token nowhere in the page, and on the clipboard only when its button is pressed", async () => {
    const { world, client } = await openBrowser();
    const { page, press } = await openPanel(world, client);
    const token = client.accessToken.getState() ?? "no token";
    fireEvent.click(screen.getByText("Claims"));
    await press("Refresh now");
    const renewed = client.accessToken.getState() ?? "no token";
    for (const secret of [token, renewed, token.split(".")[2] ?? token, renewed.split(".")[2] ?? renewed]) {
      expect(page.container.innerHTML).not.toContain(secret);
    }
    expect(
      within(screen.getByRole("region", { name: "Session devtools" })).getAllByText(maskToken(renewed)),
    ).toHaveLength(2);
    expect(await navigator.clipboard.readText()).toBe("");
    await press("Copy token");
    expect(await navigator.clipboard.readText()).toBe(renewed);
    expect(screen.getByRole("button", { name: "Copied" })).toBeVisible();
  });
});
