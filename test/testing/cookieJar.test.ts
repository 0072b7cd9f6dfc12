import { describe, expect, it } from "vitest";
import { createCookieJar } from "../../src/testing.ts";

const HTTPS = "https://app.example/v1/auth/jwt/refresh";

function createJar() {
  let at = 0;
  const jar = createCookieJar({ now: () => at });
  return { jar, pass: (ms: number) => (at += ms) };
}

describe("createCookieJar", () => {
  it.each([
    ["__Host-a=1; Secure; Path=/", true],
    ["__Host-a=1; Secure; Path=/v1", false],
    ["__Host-a=1; Secure", false],
    ["__Host-a=1; Path=/", false],
    ["__Host-a=1; Secure; Path=/; Domain=app.example", false],
    ["__Secure-a=1; Secure", true],
    ["__Secure-a=1", false],
    ["__Host-Http-a=1; Secure; Path=/; HttpOnly", true],
    ["__Host-Http-a=1; Secure; Path=/", false],
    ["__host-http-a=1; Secure; Path=/", false],
    ["__Http-a=1; Secure; HttpOnly", true],
    ["a=1; Domain=other.example", false],
    ["a=1; Domain=example", true],
    ["a=1; SameSite=None", false],
    ["=; Path=/", false],
  ])("decides about %s", (line, isKept) => {
    const { jar } = createJar();
    jar.receive([line], HTTPS);
    expect(jar.cookies().length).toBe(isKept ? 1 : 0);
  });

  it("sends a cookie to its path and below only, the longest path first", () => {
    const { jar } = createJar();
    jar.receive(["root=1; Path=/", "auth=2; Path=/v1/auth", "own=3"], HTTPS);
    expect(jar.header("https://app.example/v1/auth/jwt/login")).toBe("own=3; auth=2; root=1");
    expect(jar.header("https://app.example/v1/auth")).toBe("auth=2; root=1");
    expect(jar.header("https://app.example/v1/authors")).toBe("root=1");
  });

  it("keeps Secure cookies from plain http, save on this machine", () => {
    const { jar } = createJar();
    jar.receive(["a=1; Secure; Path=/"], "http://app.example/");
    expect(jar.cookies()).toEqual([]);
    jar.receive(["a=1; Secure; Path=/"], "https://app.example/");
    jar.receive(["a=2; Path=/"], "http://app.example/");
    expect(jar.header("https://app.example/")).toBe("a=1");
    expect(jar.header("http://app.example/")).toBeNull();
    jar.receive(["b=1; Secure; Path=/"], "http://localhost:5173/");
    expect(jar.header("http://localhost:8000/")).toBe("b=1");
  });

  it("shows scripts no HttpOnly cookie", () => {
    const { jar } = createJar();
    jar.receive(["a=1; HttpOnly; Path=/", "b=2; Path=/"], HTTPS);
    expect(jar.scriptView(HTTPS)).toBe("b=2");
  });

  it("lets cookies expire by Max-Age before Expires, and removes with a life of nothing", () => {
    const { jar, pass } = createJar();
    jar.receive(["a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", "b=1; Path=/"], HTTPS);
    pass(9_999);
    expect(jar.header(HTTPS)).toBe("a=1; b=1");
    pass(1);
    expect(jar.header(HTTPS)).toBe("b=1");
    jar.receive(["b=; Max-Age=0; Path=/"], HTTPS);
    expect(jar.header(HTTPS)).toBeNull();
  });

  it("replaces a cookie only under the same name, host and path", () => {
    const { jar } = createJar();
    jar.receive(["a=1; Path=/", "a=2; Path=/v1"], HTTPS);
    jar.receive(["a=3; Path=/"], HTTPS);
    expect(jar.header(HTTPS)).toBe("a=2; a=3");
  });

  it("sends strict and lax cookies to no address of another site", () => {
    const { jar } = createJar();
    jar.receive(["strict=1; SameSite=Strict; Path=/", "none=2; SameSite=None; Secure; Path=/"], HTTPS);
    expect(jar.header(HTTPS, "same-site")).toBe("strict=1; none=2");
    expect(jar.header(HTTPS, "cross-site")).toBe("none=2");
  });
});
