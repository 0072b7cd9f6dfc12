import { act, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { refreshLockName } from "../../src/core/refreshLock.ts";
import { openBrowser, openPanel, password, setUpPanels, undo } from "./openPanel.tsx";

setUpPanels();

const address = "https://app.example/v1/auth/sessions?secret=1";

async function openWithRequests(options: Parameters<typeof openBrowser>[2] = {}) {
  const browser = await openBrowser(1, false, options);
  // As the page has it: the devtools change what goes through the adapters, not the page's own fetch.
  const wire = browser.client.internals.platform.fetch;
  const panel = await openPanel(browser.world, browser.client);
  const authorized = authorizeFetch(browser.client, { fetch: (input, init) => wire(input, init) });
  const ask = async (): Promise<string | number> => {
    let outcome: string | number = "";
    await act(() =>
      browser.world.until(
        authorized(address).then(
          ({ status }) => (outcome = status),
          (error: Error) => (outcome = error.message),
        ),
      ),
    );
    await panel.look();
    return outcome;
  };
  return { ...browser, ...panel, ask, authorized };
}

describe("the list of requests", () => {
  it("shows each with its path, without what may be secret in its query", async () => {
    const { ask, list } = await openWithRequests();
    expect(await ask()).toBe(200);
    expect(list("Requests")).toMatch(/GET \/v1\/auth\/sessions200\d+ ms$/);
    expect(document.body.innerHTML).not.toContain("secret=1");
  });

  it("shows that a request waited for a token", async () => {
    const { ask, list, world } = await openWithRequests();
    world.tabs[0]?.freeze();
    await act(() => world.advance(16 * 60_000));
    world.tabs[0]?.thaw();
    expect(await ask()).toBe(200);
    expect(list("Requests")).toContain("sessionswaited200");
  });

  it("shows that a refused request was sent again with a renewed token, which can be brought about", async () => {
    const { press, ask, list, world } = await openWithRequests();
    await press("Refuse next request");
    expect(await ask()).toBe(200);
    expect(list("Requests")).toContain("sessionsrenewedresent200");
    expect(await ask()).toBe(200);
    expect(
      world.log().filter(({ path, serverStatus }) => path.endsWith("/sessions") && serverStatus === 401),
    ).toHaveLength(1);
  });

  it("shows a request that is held until the same person is back, and what became of it", async () => {
    const { press, authorized, list, look, world, client } = await openWithRequests({ onSessionEnd: "hold" });
    await press("Expire session");
    let status = 0;
    const asked = authorized(address).then((answer) => (status = answer.status));
    await look();
    expect(list("Requests")).toContain("sessionsheldunder way");
    await act(() => world.until(client.signIn({ username: "ada@example.org", password })));
    await act(() => world.until(asked));
    await look();
    expect(status).toBe(200);
    expect(list("Requests")).toContain("sessionsheld200");
  });
});

describe("what is made to happen", () => {
  it("offline cuts off the app's authorized requests, too", async () => {
    const { press, ask, list, world } = await openWithRequests();
    await press("Go offline");
    const before = world.log().length;
    expect(await ask()).toBe("Offline, by the session devtools");
    expect(list("Requests")).toContain("sessionsERR_NETWORK");
    expect(world.log()).toHaveLength(before);
    await press("Go online");
    expect(await ask()).toBe(200);
  });

  it("a slow server lets each answer take 3 s more", async () => {
    const { press, authorized, look, world, list } = await openWithRequests();
    await press("Slow server");
    const asked = authorized(address);
    await look();
    expect(list("Requests")).toContain("under way");
    await act(() => world.advance(3_000));
    await act(() => world.until(asked));
    await look();
    expect(list("Requests")).toMatch(/200300\d ms$/);
  });

  it("somebody else is signed in, stays so through a renewal, and makes room for whoever really is", async () => {
    const { press, row, client, list } = await openWithRequests();
    const own = client.getState();
    await press("Somebody else");
    expect(row("Subject")).toBe("somebody-else");
    await press("Refresh now");
    expect(row("Subject")).toBe("somebody-else");
    await press("Be yourself again");
    expect(client.getState()).toEqual(own);
    expect(list("Events").match(/identityChanged/g)).toHaveLength(2);
  });
});

describe("what all tabs tell", () => {
  it("who refreshed, who waited for it, and who adopted it, in every tab alike", async () => {
    const { world, clients } = await openBrowser(3);
    const panels = [];
    for (const client of clients) panels.push(await openPanel(world, client));
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error("There are no tabs.");
    // Both want a token and only one gets the lock first.
    await act(() => world.until(Promise.all([first.refresh(), second.refresh()])));
    for (const { look } of panels) await look();
    for (const { page } of panels) {
      const timeline = within(page.container).getByRole("list", { name: "Refreshes" });
      const outcomes = [...timeline.querySelectorAll("[data-outcome]")].map((badge) => badge.textContent);
      expect(outcomes.slice(0, 3)).toEqual(["refreshed", "waited", "adopted"]);
      expect(timeline.querySelector("li")?.textContent).toMatch(/refreshed(this tab|tab \d), \d+ ms, by hand/);
    }
    expect(world.refreshes()).toHaveLength(1);
  });

  it("lists each tab with what it holds, and crosses out one that was closed", async () => {
    const { world, client, clients } = await openBrowser(2);
    const { page, look } = await openPanel(world, client);
    const other = await openPanel(world, clients[1] ?? client);
    await look();
    const rows = () => within(page.container).getAllByRole("row").slice(1);
    expect(rows().map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/this tab.*authenticatedidle••••/),
      expect.stringMatching(/tab \d.*authenticatedidle••••/),
    ]);
    other.page.unmount();
    await look();
    expect(rows().filter((row) => row.dataset["closed"] === "true")).toHaveLength(1);
  });

  it("takes nothing from a message that makes no sense", async () => {
    const { world, client, clients } = await openBrowser(2);
    const { page, look } = await openPanel(world, client);
    const channel = clients[1]?.internals.platform.openChannel?.(`${client.internals.namespace}:devtools`, () => {});
    undo.push(() => channel?.close());
    for (const message of [
      null,
      7,
      { version: 2, tab: {} },
      { version: 1, tab: { id: {} }, refresh: { outcome: "x" } },
    ]) {
      channel?.post(message);
    }
    await look();
    expect(within(page.container).getAllByRole("row")).toHaveLength(2);
  });
});

describe("the report", () => {
  it("tells what happened, without a token, a subject, a session, a claim or a query", async () => {
    const { press, ask, client } = await openWithRequests();
    await press("Refuse next request");
    await ask();
    const token = client.accessToken.getState() ?? "";
    await press("Copy report");
    const report = await navigator.clipboard.readText();
    expect(report).toContain("GET /v1/auth/sessions renewed resent 200");
    expect(report).toMatch(/Refreshes\n- \d\d:\d\d:\d\d this tab refreshed \d+ ms request/);
    const state = client.getState();
    if (state.status !== "authenticated") throw new Error("Nobody is signed in.");
    const { subject, sessionId } = state.identity;
    for (const secret of [token, token.slice(-4), subject, sessionId ?? subject, "ada", "secret=1"]) {
      expect(report).not.toContain(secret);
    }
    expect(screen.getByRole("button", { name: "Report copied" })).toBeVisible();
  });
});

// Used by nobody but the devtools: a page without them shares nothing more.
describe("a tab without devtools", () => {
  it("is counted, and its refresh is shown as one that nobody saw being asked for", async () => {
    const { world, client, clients } = await openBrowser(2);
    const { list, look } = await openPanel(world, client);
    const other = clients[1];
    undo.push(other?.start() ?? (() => {}));
    await act(() => world.until(other?.refresh() ?? Promise.resolve()));
    await look();
    expect(list("Refreshes")).toContain("which tab asked the server was not seen");
    expect(await client.internals.platform.lock?.isHeld?.(refreshLockName(client.internals.namespace))).toBe(false);
  });
});
