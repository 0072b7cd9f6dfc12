import { type ParsedCookie, parseSetCookie } from "./parseSetCookie.ts";
import { isTrustworthy, type SiteRelation } from "./siteRelation.ts";

/** A cookie in the jar. */
export interface StoredCookie extends ParsedCookie {
  /** The host it belongs to; with `domain` its subdomains as well. */
  readonly host: string;
  /** The path that a request's must lie under. */
  readonly path: string;
  /** When a cookie of this name was first kept there, milliseconds since 1970. */
  readonly createdAt: number;
}

/** A browser's cookies: one for all tabs of a profile. Ports do not part cookies, hosts and paths do. */
export interface CookieJar {
  /** Keeps what a browser would keep of the `Set-Cookie` lines of an answer from `url`; drops the rest in silence. */
  receive(setCookieLines: readonly string[], url: string): void;
  /** The `Cookie` header of a request to `url`; null when no cookie fits. */
  header(url: string, relation?: SiteRelation): string | null;
  /** What `document.cookie` shows at `url`: everything but HttpOnly cookies. */
  scriptView(url: string): string;
  /** Every cookie that has not expired. */
  cookies(): readonly StoredCookie[];
  /** Throws all cookies away, as "clear site data" does. */
  clear(): void;
}

/** An empty jar. `now` is wall-clock milliseconds, by which cookies expire; the real clock by default. */
export function createCookieJar(options: { now?: () => number } = {}): CookieJar {
  const now = options.now ?? Date.now;
  const stored = new Map<string, StoredCookie>();

  function live(): StoredCookie[] {
    const at = now();
    for (const [key, cookie] of stored) if (cookie.expiresAt !== null && cookie.expiresAt <= at) stored.delete(key);
    return [...stored.values()];
  }

  function fitting(address: string, relation: SiteRelation): StoredCookie[] {
    const url = new URL(address);
    return live()
      .filter((cookie) => fitsHost(cookie, url.hostname) && fitsPath(cookie.path, url.pathname))
      .filter((cookie) => !cookie.isSecure || isTrustworthy(url))
      .filter((cookie) => relation !== "cross-site" || cookie.sameSite === "none")
      .sort((one, other) => other.path.length - one.path.length || one.createdAt - other.createdAt);
  }

  const join = (cookies: readonly StoredCookie[]) => cookies.map(({ name, value }) => `${name}=${value}`).join("; ");

  return {
    receive(lines, address) {
      const url = new URL(address);
      for (const line of lines) {
        const cookie = parseSetCookie(line, now());
        if (!cookie || !isAcceptable(cookie, url)) continue;
        const host = cookie.domain ?? url.hostname;
        const path = cookie.path ?? defaultPath(url.pathname);
        const others = live().filter((other) => other.name === cookie.name && other.path === path);
        // RFC 6265bis §5.7: an answer over plain http must not replace a Secure cookie.
        if (!isTrustworthy(url) && others.some((other) => other.isSecure && fitsHost(other, url.hostname))) continue;
        const key = JSON.stringify([cookie.name, host, cookie.domain === null, path]);
        // A replaced cookie keeps its age, which decides the order in the header.
        const createdAt = stored.get(key)?.createdAt ?? now();
        stored.set(key, { ...cookie, host, path, createdAt });
      }
      live();
    },
    header: (url, relation = "same-origin") => join(fitting(url, relation)) || null,
    scriptView: (url) => join(fitting(url, "same-origin").filter((cookie) => !cookie.isHttpOnly)),
    cookies: live,
    clear() {
      stored.clear();
    },
  };
}

function isAcceptable(cookie: ParsedCookie, url: URL): boolean {
  if (cookie.domain !== null && url.hostname !== cookie.domain && !url.hostname.endsWith(`.${cookie.domain}`))
    return false;
  if (cookie.isSecure && !isTrustworthy(url)) return false;
  if (cookie.sameSite === "none" && !cookie.isSecure) return false;
  return keepsItsPrefix(cookie);
}

/**
 * RFC 6265bis §4.1.3: a name that begins with one of these promises attributes, and is dropped when it breaks the
 * promise.
 */
function keepsItsPrefix(cookie: ParsedCookie): boolean {
  const name = cookie.name.toLowerCase();
  const isHost = name.startsWith("__host-");
  const isHttp = name.startsWith("__http-") || name.startsWith("__host-http-");
  if ((isHost || isHttp || name.startsWith("__secure-")) && !cookie.isSecure) return false;
  if (isHttp && !cookie.isHttpOnly) return false;
  return !isHost || (cookie.domain === null && cookie.path === "/");
}

function fitsHost(cookie: StoredCookie, hostname: string): boolean {
  return hostname === cookie.host || (cookie.domain !== null && hostname.endsWith(`.${cookie.host}`));
}

function fitsPath(path: string, requested: string): boolean {
  return requested === path || requested.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function defaultPath(pathname: string): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")));
}
