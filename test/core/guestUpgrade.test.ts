import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { bindQueryClient } from "../../src/query/bindQueryClient.ts";
import { followIdentity } from "../../src/adapters/followIdentity.ts";
import { unchallenged } from "../support/unchallenged.ts";
import { openWorld } from "./support.ts";
import { record } from "./scene.ts";

const GRACE = { email: "grace@example.org", password: "a nib and some ink" };

/** A guest in two tabs, whose app has a cache and a connection. */
async function openGuest(upgradeGuest: boolean) {
  const opened = await openWorld(2, { server: { upgradeGuest } });
  const { world, clients } = opened;
  const [client, sibling] = clients;
  if (client === undefined || sibling === undefined) throw new Error("no tabs");
  await world.settle();
  const guest = await world.until(client.signInAsGuest());
  await world.settle();
  const queryClient = new QueryClient();
  const unbind = bindQueryClient(sibling, queryClient);
  const connections: string[] = [];
  const unfollow = followIdentity(sibling, {
    open: () => connections.push("opened"),
    close: () => void connections.push("closed"),
    renew: () => void connections.push("renewed"),
    clock: world.tabs[1]!.platform.clock,
  });
  await world.settle();
  queryClient.setQueryData(["notes"], ["buy ink"]);
  return {
    ...opened,
    client,
    guest,
    queryClient,
    connections,
    told: [record(client).events, record(sibling).events] as const,
    async [Symbol.asyncDispose]() {
      unfollow();
      unbind();
      queryClient.clear();
      await opened[Symbol.asyncDispose]();
    },
  };
}

// A05 https://github.com/better-auth/better-auth/issues/10563
it("a guest who registers stays who they are, in all tabs, with their cache and their connections", async () => {
  await using scene = await openGuest(true);
  const { world, client, clients, guest, queryClient, connections, told } = scene;
  const identity = unchallenged(await world.until(client.register(GRACE)));
  await world.advance(1_000);
  expect(identity).toMatchObject({ subject: guest.subject, isGuest: false });
  for (const each of clients) expect(each.getState()).toEqual({ status: "authenticated", identity });
  for (const events of told) {
    expect(events).not.toContain("identityChanged");
    expect(events).not.toContain("signedOut");
    expect(events).not.toContain("sessionEnded");
  }
  expect(queryClient.getQueryData(["notes"])).toEqual(["buy ink"]);
  expect(connections).toEqual(["opened", "renewed"]);
  await world.until(client.refresh());
  expect(client.getState()).toEqual({ status: "authenticated", identity });
});

it("a guest who registers where the server makes them somebody new keeps nothing of the guest's", async () => {
  await using scene = await openGuest(false);
  const { world, client, clients, guest, queryClient, told } = scene;
  const identity = unchallenged(await world.until(client.register(GRACE)));
  await world.advance(1_000);
  expect(identity.subject).not.toBe(guest.subject);
  for (const each of clients) expect(each.getState()).toEqual({ status: "authenticated", identity });
  for (const events of told) expect(events).toContain("identityChanged");
  expect(queryClient.getQueryData(["notes"])).toBeUndefined();
});

// A06 https://github.com/better-auth/better-auth/pull/4558
it("whoever does not want to be remembered gets a cookie that ends with the browser, at each renewal", async () => {
  const written: string[] = [];
  const wrap: NonNullable<Parameters<typeof openWorld>[1]>["wrap"] = (app) => ({
    async fetch(...given: Parameters<typeof app.fetch>) {
      const response = await app.fetch(...given);
      written.push(...response.headers.getSetCookie().filter((cookie) => !cookie.includes("Max-Age=0")));
      return response;
    },
  });
  await using opened = await openWorld(1, { wrap });
  const { world, clients } = opened;
  const [client] = clients;
  await world.settle();
  await world.until(client!.register({ ...GRACE, persistent: false }));
  await world.advance(60_000);
  await world.until(client!.refresh());
  expect(written).toHaveLength(2);
  for (const cookie of written) expect(cookie).not.toMatch(/max-age|expires/i);
  written.length = 0;
  await world.until(client!.signIn({ username: GRACE.email, password: GRACE.password }));
  expect(written).toEqual([expect.stringMatching(/; Max-Age=\d+/)]);
});
