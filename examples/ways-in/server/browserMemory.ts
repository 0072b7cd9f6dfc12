import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

const LIFETIME_SECONDS = 300;

/** What one browser was given a moment ago, and is asked for again: a challenge, a code, the `state` of a redirect. */
export interface BrowserMemory<T> {
  keep(context: Context, value: T): void;
  /** What this very browser was given; null for any other, and when it is too late. */
  read(context: Context): T | null;
  forget(context: Context): void;
}

/** In memory: with several servers it is a table with an index on the time. */
export function createBrowserMemory<T>(name: string, isSecure: boolean): BrowserMemory<T> {
  const kept = new Map<string, { readonly value: T; readonly endsAt: number }>();
  const cookie = isSecure ? `__Host-${name}` : name;

  return {
    keep(context, value) {
      for (const [id, { endsAt }] of kept) if (endsAt < Date.now()) kept.delete(id);
      const id = randomBytes(32).toString("base64url");
      kept.set(id, { value, endsAt: Date.now() + LIFETIME_SECONDS * 1000 });
      // Lax, since the link in an e-mail and an identity provider lead here from another site.
      const attributes = { path: "/", httpOnly: true, secure: isSecure, sameSite: "Lax" } as const;
      setCookie(context, cookie, id, { ...attributes, maxAge: LIFETIME_SECONDS });
    },
    read(context) {
      const found = kept.get(getCookie(context, cookie) ?? "");
      return found === undefined || found.endsAt < Date.now() ? null : found.value;
    },
    forget(context) {
      kept.delete(getCookie(context, cookie) ?? "");
    },
  };
}
