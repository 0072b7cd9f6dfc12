import { OptionsError } from "./optionsError.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { shortSessionId } from "./sessionId.ts";

/** The refresh cookie, where the default does not fit. Each of these makes it weaker, never stronger. */
export interface CookieOptions {
  /**
   * The name without its end. Default `refresh_token`. One that begins with `__Host-Http-`, `__Host-`, `__Secure-` says
   * which prefix to use on https; it is left out on http, where browsers refuse it.
   */
  readonly name?: string | undefined;
  /** A narrower path than the default "/". The prefix is then `__Secure-`: another host of the site could set it. */
  readonly path?: string | undefined;
  /**
   * A whole domain. Default: this host alone. The prefix is then `__Secure-`: every host of that domain can read and
   * set it.
   */
  readonly domain?: string | undefined;
  /** `false` only together with `allowInsecureCookies`. Default: by the address. */
  readonly secure?: boolean | undefined;
}

export interface RefreshCookie {
  /** Null when a cookie may not be used for this request: plain http to something other than this machine. */
  profileFor(facts: RequestFacts): CookieProfile | null;
}

/** One form of the cookie: reads, writes and clears, so that names and attributes always agree. */
export interface CookieProfile {
  /** Name and value of each cookie of exactly the form that is written here. */
  read(cookieHeader: string | undefined): readonly { readonly name: string; readonly value: string }[];
  nameFor(sessionId: string): string;
  write(sessionId: string, token: string, maxAgeSeconds: number): string;
  clear(name: string): string;
}

export interface RefreshCookieOptions {
  readonly cookie: CookieOptions;
  readonly publicUrl: URL | undefined;
  readonly prefix: string;
  readonly allowInsecureCookies: boolean;
}

const PREFIXES = ["__Host-Http-", "__Host-", "__Http-", "__Secure-"];

/**
 * @throws OptionsError for settings that a browser would silently refuse, or that would send the cookie in the clear.
 */
export function createRefreshCookie({
  cookie,
  publicUrl,
  prefix,
  allowInsecureCookies,
}: RefreshCookieOptions): RefreshCookie {
  const name = cookie.name ?? "refresh_token";
  const namedPrefix = PREFIXES.find((candidate) => name.startsWith(candidate));
  const plainName = namedPrefix === undefined ? name : name.slice(namedPrefix.length);
  const isNarrowed = (cookie.path !== undefined && cookie.path !== "/") || cookie.domain !== undefined;
  refuseUnusable();

  const securePrefix = namedPrefix ?? (isNarrowed ? "__Secure-" : "__Host-Http-");
  const domain = cookie.domain === undefined ? "" : `; Domain=${cookie.domain}`;
  const attributes = `${domain}; HttpOnly; SameSite=Strict`;
  const secure = createProfile(`${securePrefix}${plainName}.`, `; Path=${cookie.path ?? "/"}; Secure${attributes}`);
  // Browsers keep one jar for all ports of a host.
  const port = publicUrl?.port ? `${publicUrl.port}.` : "";
  const insecure = createProfile(`${plainName}.${port}`, `; Path=${cookie.path ?? (prefix || "/")}${attributes}`);

  function refuseUnusable(): void {
    if (!/^[A-Za-z0-9_-]+$/.test(plainName)) {
      throw new OptionsError("`cookie.name` takes letters, digits, `-` and `_` only.");
    }
    if (cookie.path !== undefined && !/^\/[\x21-\x3a\x3c-\x7e]*$/.test(cookie.path)) {
      throw new OptionsError("`cookie.path` begins with `/` and has neither spaces nor semicolons.");
    }
    if (cookie.domain !== undefined && !/^\.?[A-Za-z0-9.-]+$/.test(cookie.domain)) {
      throw new OptionsError("`cookie.domain` is a domain's name.");
    }
    if (namedPrefix !== undefined && cookie.secure === false) {
      throw new OptionsError(
        `A cookie named \`${namedPrefix}…\` needs the attribute Secure: leave \`cookie.secure\` away.`,
      );
    }
    if (namedPrefix?.startsWith("__Host-") === true && cookie.path !== undefined && cookie.path !== "/") {
      throw new OptionsError(
        `A cookie named \`${namedPrefix}…\` needs Path=/: leave \`cookie.path\` away or rename it.`,
      );
    }
    if (namedPrefix?.startsWith("__Host-") === true && cookie.domain !== undefined) {
      throw new OptionsError(
        `A cookie named \`${namedPrefix}…\` can have no Domain: leave \`cookie.domain\` away or rename it.`,
      );
    }
    if (cookie.secure === false && !allowInsecureCookies) {
      throw new OptionsError(
        "`cookie.secure: false` sends refresh tokens in the clear; only with `allowInsecureCookies`.",
      );
    }
    if (publicUrl?.protocol === "http:" && !isLoopback(publicUrl.hostname) && !allowInsecureCookies) {
      throw new OptionsError(
        "`publicUrl` is plain http: the refresh token would travel in the clear. Use https, or `allowInsecureCookies`.",
      );
    }
  }

  return {
    profileFor({ scheme, host }) {
      if (cookie.secure === false) return insecure;
      if ((publicUrl?.protocol ?? scheme) === "https:" || cookie.secure === true) return secure;
      const hostname = publicUrl?.hostname ?? host.replace(/:\d+$/, "");
      return isLoopback(hostname) || allowInsecureCookies ? insecure : null;
    },
  };
}

function createProfile(nameStart: string, attributes: string): CookieProfile {
  const nameFor = (sessionId: string) => `${nameStart}${shortSessionId(sessionId)}`;
  return {
    nameFor,
    read(cookieHeader = "") {
      return cookieHeader.split(";").flatMap((pair) => {
        const separator = pair.indexOf("=");
        const name = pair.slice(0, Math.max(separator, 0)).trim();
        const isOurs = name.startsWith(nameStart) && /^[A-Za-z0-9_-]{8}$/.test(name.slice(nameStart.length));
        return isOurs ? [{ name, value: pair.slice(separator + 1).trim() }] : [];
      });
    },
    write: (sessionId, token, maxAgeSeconds) => `${nameFor(sessionId)}=${token}${attributes}; Max-Age=${maxAgeSeconds}`,
    clear: (name) => `${name}=${attributes}; Max-Age=0`,
  };
}

/** Whether `hostname` is this machine itself, which no network sees (RFC 6761 §6.3, RFC 5735, RFC 4291). */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}
