import { describe, expect, it, vi } from "vitest";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";

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
});
