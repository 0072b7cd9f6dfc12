import { describe, expect, it } from "vitest";
import { startProgram } from "../server/support/page.ts";
import { account, signIn } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";

const { scenario } = useChromium();

describe("a script that an attacker got into the page", () => {
  // X01: it approved a code of its own, and kept a session for 84 days after the page was closed.
  it(
    "gets nothing that lasts out of a session a moment old: no device, no password, no refresh token",
    scenario({}, async ({ app, openTab }) => {
      const attacker = startProgram(app.auth);
      const asked = await attacker.send("POST", "/device/code", { form: { client_id: "attacker" } });
      const codes = asked.body as { device_code: string; user_code: string };
      const tab = await openTab();
      await signIn(tab);

      const tried = await tab.evaluate(async (user_code) => {
        const bearer = await auth.getAccessToken();
        const send = async (method: string, path: string, body: BodyInit | object | null, more: object = {}) => {
          const isForm = body instanceof URLSearchParams;
          const answer = await fetch(`/v1/auth${path}`, {
            method,
            headers: {
              Authorization: `Bearer ${bearer}`,
              ...(body !== null && !isForm && { "Content-Type": "application/json" }),
              ...more,
            },
            body: body === null || isForm ? body : JSON.stringify(body),
          });
          const text = await answer.text();
          const { detail, refresh_token } = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
          return { status: answer.status, detail, holdsRefreshToken: refresh_token !== undefined };
        };
        const grant = "urn:ietf:params:oauth:grant-type:device_code";
        const poll = new URLSearchParams({ grant_type: grant, device_code: "x", client_id: "attacker" });
        const inBody = { "Auth-Transport": "body" };
        return {
          approve: await send("POST", "/device/approve", { user_code }),
          guess: await send("POST", "/device/approve", { user_code, password: "password" }),
          password: await send("PATCH", "/users/me", { password: "the attacker's own" }),
          email: await send("PATCH", "/users/me", { email: "attacker@example.org" }),
          refreshInBody: await send("POST", "/jwt/refresh", null, inBody),
          guestInBody: await send("POST", "/guest", null, inBody),
          poll: await send("POST", "/device/token", poll),
        };
      }, codes.user_code);

      expect(tried).toMatchObject({
        approve: { status: 403, detail: "REAUTHENTICATION_REQUIRED" },
        guess: { status: 403, detail: "REAUTHENTICATION_REQUIRED" },
        password: { status: 403, detail: "REAUTHENTICATION_REQUIRED" },
        email: { status: 403, detail: "REAUTHENTICATION_REQUIRED" },
        guestInBody: { status: 403 },
        poll: { status: 403 },
      });
      // It may refresh: what it gets is an access token like the one that it had.
      expect(Object.values(tried).map(({ holdsRefreshToken }) => holdsRefreshToken)).not.toContain(true);

      const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
      const form = { grant_type, device_code: codes.device_code, client_id: "attacker" };
      expect((await attacker.send("POST", "/device/token", { form })).body).toEqual({ error: "authorization_pending" });
      const owner = await app.auth.subjects.findByEmail(account.username);
      expect(owner?.credentialVersion).toBe(1);
      expect(await tab.evaluate(() => auth.getAccessToken().then(() => "goes on"))).toBe("goes on");
    }),
  );
});
