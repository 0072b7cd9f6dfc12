import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** A server with one cookie that counts its refreshes, whose signature takes real asynchronous work, as a JWT's does. */
export function createCountingApp() {
  let count = 0;
  const seen: Array<Record<string, string>> = [];
  const app = new Hono();
  app.post("/v1/auth/jwt/refresh", async (context) => {
    seen.push(context.req.header());
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode("work in the thread pool"));
    const presented = getCookie(context, "refresh", "host") ?? "none";
    count += 1;
    setCookie(context, "refresh", String(count), {
      prefix: "host",
      secure: true,
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: 600,
    });
    return context.json({ presented, issued: String(count) });
  });
  app.get("/v1/echo", (context) => context.json(context.req.header()));
  app.post("/v1/echo", async (context) => context.text(await context.req.text()));
  return { app, seen, count: () => count };
}
