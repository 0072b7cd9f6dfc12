import { describe, expect, it } from "vitest";
import { ADA, openWorld } from "./support.ts";

describe("one tab", () => {
  it("signs in, outlives the access token, and stays the same subject", async () => {
    await using opened = await openWorld(1);
    const { world, clients } = opened;
    const [client] = clients;
    if (client === undefined) throw new Error("no client");
    await world.settle();
    expect(client.getState()).toEqual({ status: "unauthenticated", reason: "none", previousIdentity: null });
    const identity = await world.until(client.signIn(ADA));
    const first = await client.getAccessToken();
    await world.advance(16 * 60_000);
    const second = await world.until(client.getAccessToken());
    expect(second).not.toBe(first);
    expect(client.getState()).toEqual({ status: "authenticated", identity });
    expect(world.refreshes().length).toBe(2);
  });
});
