import { describe, expect, it, vi } from "vitest";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";

describe("a test client", () => {
  it("tells every listener, also after one that throws, and throws that later", () => {
    const thrown: unknown[] = [];
    // What is thrown in a task of its own would end the run.
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) => {
      try {
        task();
      } catch (error) {
        thrown.push(error);
      }
    });
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
    vi.restoreAllMocks();
    expect(heard).toEqual(["revoked", "unauthenticated"]);
    expect(thrown).toEqual([new Error("of the app's own"), new Error("of another listener")]);
  });
});
