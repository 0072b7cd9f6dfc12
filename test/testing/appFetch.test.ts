import { describe, expect, it } from "vitest";
import { type AppEnvironment, appFetch, createCookieJar, type ServerApp } from "../../src/testing.ts";
import { createCountingApp } from "./support.ts";

const origin = "https://app.example";

describe("appFetch", () => {
  it("asks a Hono app as a page of its origin would", async () => {
    const { app, seen } = createCountingApp();
    const fetch = appFetch(app, { origin });
    await fetch("/v1/auth/jwt/refresh", { method: "POST" });
    const second = await fetch("/v1/auth/jwt/refresh", { method: "POST" });
    expect(await second.json()).toEqual({ presented: "1", issued: "2" });
    expect(second.headers.has("set-cookie")).toBe(false);
    expect(seen[1]).toMatchObject({ origin, "sec-fetch-site": "same-origin", cookie: "__Host-refresh=1" });
  });

  it("sends no Origin with a same-origin GET, and none of the headers that a page may not set", async () => {
    const { app } = createCountingApp();
    const fetch = appFetch(app, { origin });
    const headers = { Origin: "https://evil.example", Cookie: "a=1", "Sec-Fetch-Site": "none", "X-Own": "kept" };
    const echoed = await (await fetch("/v1/echo", { headers })).json();
    expect(echoed).toMatchObject({ "sec-fetch-site": "same-origin", "x-own": "kept" });
    expect(Object.keys(echoed)).not.toContain("origin");
    expect(Object.keys(echoed)).not.toContain("cookie");
  });

  it("carries bodies", async () => {
    const fetch = appFetch(createCountingApp().app, { origin });
    const response = await fetch("/v1/echo", { method: "POST", body: new URLSearchParams({ username: "ada" }) });
    expect(await response.text()).toBe("username=ada");
    const request = new Request(`${origin}/v1/echo`, { method: "POST", body: "as a Request" });
    expect(await (await fetch(request)).text()).toBe("as a Request");
  });

  it("keeps cookies from other origins unless they are to be included", async () => {
    const { app, seen } = createCountingApp();
    const jar = createCookieJar();
    const refresh = "https://api.app.example/v1/auth/jwt/refresh";
    const fetch = appFetch(app, { origin, jar });
    await fetch(refresh, { method: "POST" });
    expect(jar.cookies()).toEqual([]);
    await fetch(refresh, { method: "POST", credentials: "include" });
    await fetch(refresh, { method: "POST", credentials: "include" });
    expect(seen[2]).toMatchObject({ origin, "sec-fetch-site": "same-site", cookie: "__Host-refresh=2" });
  });

  it("is a program's fetch without an origin: nothing is added, nothing kept", async () => {
    const { app, seen } = createCountingApp();
    const fetch = appFetch(app);
    const response = await fetch("https://api.example/v1/auth/jwt/refresh", { method: "POST" });
    expect(Object.keys(seen[0]!).filter((name) => /^(origin|cookie|sec-)/.test(name))).toEqual([]);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("takes cookies from the app's environment, since a page's Response shows none", async () => {
    const app: ServerApp = {
      fetch(_request, environment) {
        const { inPage } = environment as AppEnvironment;
        inPage.onSetCookie("a=1; Path=/; Secure; HttpOnly");
        return new Response("done");
      },
    };
    const jar = createCookieJar();
    await appFetch(app, { origin, jar })("/sign-in", { method: "POST" });
    expect(jar.header(origin)).toBe("a=1");
  });

  it("lets a page's guarded Request reach the app with its browser headers", async () => {
    // What a browser and happy-dom do: a Request silently loses the headers that only the browser may set.
    const Original = globalThis.Request;
    globalThis.Request = class extends Original {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init);
        for (const name of ["cookie", "origin", "sec-fetch-site"]) this.headers.delete(name);
      }
    };
    try {
      const { app, seen } = createCountingApp();
      const fetch = appFetch(app, { origin });
      await fetch("/v1/auth/jwt/refresh", { method: "POST" });
      await fetch("/v1/auth/jwt/refresh", { method: "POST" });
      expect(seen[1]).toMatchObject({ origin, "sec-fetch-site": "same-origin", cookie: "__Host-refresh=1" });
      expect(await (await fetch("/v1/echo", { method: "POST", body: "still here" })).text()).toBe("still here");
    } finally {
      globalThis.Request = Original;
    }
  });

  it("rejects at once when aborted, while the server goes on and its cookie is kept", async () => {
    const { app, count } = createCountingApp();
    const jar = createCookieJar();
    const controller = new AbortController();
    const outcome = appFetch(app, { origin, jar })("/v1/auth/jwt/refresh", {
      method: "POST",
      signal: controller.signal,
    });
    controller.abort(new Error("enough"));
    await expect(outcome).rejects.toThrow("enough");
    await expect.poll(() => jar.cookies().length).toBe(1);
    expect(count()).toBe(1);
  });

  it("treats a redirect as the request asks", async () => {
    const app: ServerApp = { fetch: () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }) };
    const fetch = appFetch(app, { origin });
    await expect(fetch("/", { redirect: "error" })).rejects.toThrow(TypeError);
    expect(await fetch("/", { redirect: "manual" })).toMatchObject({ type: "opaqueredirect", status: 0, ok: false });
  });
});
