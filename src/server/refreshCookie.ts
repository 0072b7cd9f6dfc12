import { COOKIE_PREFIXES, type CookieProfile, createCookieProfile, shortHash } from "./cookieProfile.ts";
import { OptionsError } from "./optionsError.ts";
import type { RequestFacts } from "./requestFacts.ts";

/**
 * The refresh cookie, where the default does not fit. Each of these makes it weaker, never stronger. Any of them can be
 * set on a running deployment: cookies of the form before are read once, written anew and cleared.
 */
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
  /**
   * For a page that is embedded in pages of other sites: the cookie is kept apart for each of them (`SameSite=None;
   * Partitioned`, which browsers call CHIPS). On https only. Default false.
   */
  readonly partitioned?: boolean | undefined;
  /**
   * The `path` and `domain` that this deployment has given up, so that their cookies are still read, and cleared. Leave
   * it away once the longest session since then has ended: other hosts of the site can set such cookies. Default none.
   */
  readonly formerly?: { readonly path?: string | undefined; readonly domain?: string | undefined } | undefined;
  /** `false` only together with `allowInsecureCookies`. Default: by the address. */
  readonly secure?: boolean | undefined;
}

export interface RefreshCookie {
  /** Null when a cookie may not be used for this request: plain http to something other than this machine. */
  profileFor(facts: RequestFacts): CookieProfile | null;
}

export interface RefreshCookieOptions {
  readonly cookie: CookieOptions;
  readonly publicUrl: URL | undefined;
  readonly prefix: string;
  readonly issuer: string | undefined;
  readonly allowInsecureCookies: boolean;
}

/**
 * @throws OptionsError for settings that a browser would silently refuse, or that would send the cookie in the clear.
 */
export function createRefreshCookie({
  cookie,
  publicUrl,
  prefix,
  issuer,
  allowInsecureCookies,
}: RefreshCookieOptions): RefreshCookie {
  const name = cookie.name ?? "refresh_token";
  const namedPrefix = COOKIE_PREFIXES.find((candidate) => name.startsWith(candidate));
  const plainName = namedPrefix === undefined ? name : name.slice(namedPrefix.length);
  const isNarrowed = (cookie.path !== undefined && cookie.path !== "/") || cookie.domain !== undefined;
  refuseUnusable();

  const securePrefix = namedPrefix ?? (isNarrowed ? "__Secure-" : "__Host-Http-");
  // What no other host can set stays so: weaker cookies of before count only where their option says that there were any.
  const isStrict = securePrefix.startsWith("__Host-") && cookie.formerly === undefined;
  const securePrefixes = COOKIE_PREFIXES.filter((each) => !isStrict || each.startsWith("__Host-"));
  const place = shortHash(`${prefix}\n${issuer ?? ""}`);

  /** The form of the cookie at one address: browsers keep one jar for all ports and paths of a host. */
  function profileAt(isSecure: boolean, { hostname, port }: Address): CookieProfile {
    const defaultPath = isSecure ? "/" : prefix || "/";
    return createCookieProfile({
      prefix: isSecure ? securePrefix : "",
      name: plainName,
      scope: `${port}-${place}`,
      isDefaultPlace: cookie.domain === undefined && (cookie.path ?? defaultPath) === defaultPath,
      path: cookie.path ?? defaultPath,
      domain: cookie.domain,
      partitioned: cookie.partitioned ?? false,
      formerPrefixes: isSecure ? securePrefixes : [""],
      formerPaths: ["/", prefix || "/", cookie.path ?? "/", cookie.formerly?.path ?? "/"],
      formerDomains: [cookie.domain, cookie.formerly?.domain, ...parentDomains(hostname)].filter(
        (each) => each !== undefined,
      ),
    });
  }

  function refuseUnusable(): void {
    if (!/^[A-Za-z0-9_-]+$/.test(plainName)) {
      throw new OptionsError("`cookie.name` takes letters, digits, `-` and `_` only.");
    }
    const paths = [cookie.path, cookie.formerly?.path].filter((path) => path !== undefined);
    if (!paths.every((path) => /^\/[\x21-\x3a\x3c-\x7e]*$/.test(path))) {
      throw new OptionsError("`cookie.path` begins with `/` and has neither spaces nor semicolons.");
    }
    const domains = [cookie.domain, cookie.formerly?.domain].filter((domain) => domain !== undefined);
    if (!domains.every((domain) => /^\.?[A-Za-z0-9.-]+$/.test(domain))) {
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
    if (cookie.partitioned === true && (cookie.secure === false || publicUrl?.protocol === "http:")) {
      throw new OptionsError("`cookie.partitioned` needs https: browsers keep no such cookie without `Secure`.");
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
      const address = addressOf(publicUrl ?? new URL(`${scheme}//${host}`));
      if (cookie.secure === false) return profileAt(false, address);
      if ((publicUrl?.protocol ?? scheme) === "https:" || cookie.secure === true) return profileAt(true, address);
      return isLoopback(address.hostname) || allowInsecureCookies ? profileAt(false, address) : null;
    },
  };
}

interface Address {
  readonly hostname: string;
  readonly port: string;
}

function addressOf({ hostname, port, protocol }: URL): Address {
  return { hostname, port: port || (protocol === "https:" ? "443" : "80") };
}

/** `a.b.example` has `a.b.example` and `b.example`: whatever a cookie's domain may have been. None for an address. */
function parentDomains(hostname: string): string[] {
  const labels = hostname.split(".");
  if (/^[\d.]+$|:/.test(hostname)) return [];
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
}

/** Whether `hostname` is this machine itself, which no network sees (RFC 6761 §6.3, RFC 5735, RFC 4291). */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}
