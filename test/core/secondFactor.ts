import type { createTabs } from "../../src/testing/createTabs.ts";

type App = Parameters<typeof createTabs>[1]["app"];

/** What answers a challenge of {@link withSecondFactor}. */
export const CODE = { code: "123456" };

/**
 * A server that wants a code after the password, by PROTOCOL: its sign-in is answered with 202, and the real one follows when the
 * code is right. `rounds` codes, one after the other.
 */
export function withSecondFactor(app: App, { rounds = 1 }: { rounds?: number } = {}): App {
  const open = new Map<string, { form: string; left: number }>();
  let drawn = 0;
  const json = (value: object, status: number): Response =>
    new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });

  function pose(form: string, left: number): Response {
    const token = `half-a-sign-in-${(drawn += 1)}`;
    open.set(token, { form, left });
    return json({ challenge: { token, expires_in: 300, methods: ["otp"], left } }, 202);
  }

  return {
    async fetch(request: Request) {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/jwt/login")) return pose(await request.text(), rounds);
      if (!pathname.endsWith("/jwt/challenge")) return app.fetch(request);
      const { token, response } = (await request.json()) as { token: string; response: { code: string } };
      const held = open.get(token);
      if (held === undefined) return json({ detail: "CHALLENGE_EXPIRED" }, 400);
      if (response.code !== CODE.code) return json({ detail: "CHALLENGE_REJECTED" }, 400);
      open.delete(token);
      if (held.left > 1) return pose(held.form, held.left - 1);
      const headers = new Headers(request.headers);
      headers.set("Content-Type", "application/x-www-form-urlencoded");
      const url = request.url.replace("/jwt/challenge", "/jwt/login");
      return app.fetch(new Request(url, { method: "POST", headers, body: held.form }));
    },
  };
}
