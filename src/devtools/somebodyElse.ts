import type { TokenAnswer } from "../core/backend.ts";
import type { Clock } from "../core/ports.ts";

export const somebodyElse = "somebody-else";

const lifetimeSeconds = 300;

/** A session of somebody whom no server knows: its tokens are signed by nobody, and are good for the page alone. */
export function answerAsSomebodyElse(clock: Pick<Clock, "now">) {
  function makeToken(): string {
    const issuedAt = Math.floor(clock.now() / 1000);
    const claims = { sub: somebodyElse, sid: somebodyElse, iat: issuedAt, exp: issuedAt + lifetimeSeconds };
    return [{ alg: "none", typ: "JWT" }, claims].map(encode).join(".").concat(".simulated");
  }
  return {
    tokenAnswer: (): TokenAnswer => ({ accessToken: makeToken(), expiresInSeconds: lifetimeSeconds }),
    /** What the server would be asked of them. */
    respond(_: unknown, init: RequestInit | undefined): Response | undefined {
      if (init?.method === "POST" && init.body == null) {
        return Response.json({ access_token: makeToken(), token_type: "bearer", expires_in: lifetimeSeconds });
      }
      if ((init?.method ?? "GET") !== "GET") return undefined;
      const email = "somebody.else@example.invalid";
      const user = {
        id: somebodyElse,
        email,
        is_active: true,
        is_superuser: false,
        is_verified: true,
        is_guest: false,
      };
      return Response.json(user);
    },
  };
}

function encode(part: object): string {
  return btoa(JSON.stringify(part)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
