// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { appFetch, createTabs } from "../../src/testing.ts";

// happy-dom guards requests and answers as a browser does: no Cookie or Origin set by scripts, no Set-Cookie shown to them.
const origin = "https://app.example";
const createServer = () =>
  createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret for tests only, 32 bytes at least",
    publicUrl: origin,
  });

describe("in a page", () => {
  it("guards requests as a browser does, so that this file tests something", () => {
    expect(new Request(origin, { headers: { Cookie: "a=1" } }).headers.has("cookie")).toBe(false);
  });

  it("signs in and refreshes by appFetch", async () => {
    const fetch = appFetch(createServer().app, { origin });
    expect((await fetch("/v1/auth/jwt/refresh", { method: "POST" })).status).toBe(401);
    expect((await fetch("/v1/auth/guest", { method: "POST" })).status).toBe(200);
    expect((await fetch("/v1/auth/jwt/refresh", { method: "POST" })).status).toBe(200);
  });

  it("signs in and refreshes in simulated tabs", async () => {
    const world = createTabs(2, { app: createServer().app, origin });
    const [one, two] = world.tabs.map((tab) => tab.platform.fetch);
    expect((await one!("/v1/auth/guest", { method: "POST" })).status).toBe(200);
    const refreshed = await two!("/v1/auth/jwt/refresh", { method: "POST" });
    expect(await refreshed.json()).toMatchObject({ token_type: "bearer" });
    world.dispose();
  });
});
