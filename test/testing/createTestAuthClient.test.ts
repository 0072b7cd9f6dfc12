import { describe, expect, it, vi } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { openSignedIn } from "../core/scene.ts";
import { ADA, BOB } from "../core/support.ts";

describe("a test client", () => {
  it("tells every listener, also after one that throws, and throws that later", () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const auth = createTestAuthClient({ identity: { subject: "ada" } });
    const heard: string[] = [];
    auth.on("sessionEnded", () => {
      throw new Error("of the app's own");
    });
    auth.on("sessionEnded", ({ reason }) => heard.push(reason));
    auth.subscribe(() => {
      throw new Error("of another listener");
    });
    auth.subscribe(() => heard.push(auth.getState().status));
    auth.endSession("revoked");
    expect(heard).toEqual(["revoked", "unauthenticated"]);
    expect(() => vi.advanceTimersToNextTimer()).toThrow("of the app's own");
    expect(() => vi.advanceTimersToNextTimer()).toThrow("of another listener");
    vi.useRealTimers();
  });

  it("tells what a real one tells, in that order, with the new state in place", async () => {
    await using scene = await openSignedIn(1);
    const { world, client } = scene;
    const auth = createTestAuthClient({ identity: { subject: "ada" } });
    const both = [client, auth].map(recordStates);
    const end = (code: string): Promise<void> => {
      world.network.addFault({
        match: "/jwt/refresh",
        answer: { status: 401, body: JSON.stringify({ detail: code }) },
      });
      world.jar.clear();
      return client.refresh().catch(() => {});
    };
    const acts: [() => Promise<unknown>, () => unknown][] = [
      [() => client.refresh(), () => auth.refresh()],
      [() => end("REFRESH_TOKEN_EXPIRED"), () => auth.endSession("expired")],
      [() => client.signIn(ADA), () => auth.become({ subject: "ada", sessionId: "second" })],
      [() => client.signIn(ADA), () => auth.become({ subject: "ada", sessionId: "third" })],
      [() => client.signIn(BOB), () => auth.become({ subject: "bob" })],
      [() => end("REFRESH_TOKEN_REVOKED"), () => auth.endSession("revoked")],
      [() => client.signInAsGuest(), () => auth.signInAsGuest()],
      [() => client.signIn(ADA), () => auth.signIn({ username: "ada", password: "" })],
      [() => end("REFRESH_TOKEN_EXPIRED"), () => auth.endSession("expired")],
      [() => client.signOut(), () => auth.signOut()],
    ];
    for (const [real, played] of acts) {
      await world.until(real());
      await played();
    }
    expect(both[0]).toContain("sessionEnded: unauthenticated");
    expect(both[1]).toEqual(both[0]);
  });
});

/** What a client tells, each with the status that it shows at that moment. */
function recordStates(client: AuthClient): string[] {
  const told: string[] = [];
  for (const event of ["identityChanged", "signedIn", "refreshed", "sessionEnded", "signedOut"] as const)
    client.on(event, () => told.push(`${event}: ${client.getState().status}`));
  return told;
}
