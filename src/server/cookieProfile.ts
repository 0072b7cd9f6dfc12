import { parseRefreshToken } from "./refreshTokens.ts";
import { shortSessionId } from "./sessionId.ts";

export interface NamedCookie {
  readonly name: string;
  readonly value: string;
}

/** One form of the refresh cookie: reads, writes and clears, so that names and attributes always agree. */
export interface CookieProfile {
  /** Each cookie of exactly the form that is written here, whatever it holds. */
  read(cookieHeader: string | undefined): readonly NamedCookie[];
  /**
   * Each cookie that this server may have written before its name, path or domain was changed. Another server on this
   * host may have written it as well: only a genuine token tells.
   */
  readFormer(cookieHeader: string | undefined): readonly NamedCookie[];
  nameFor(sessionId: string): string;
  /** `maxAgeSeconds` null: the browser forgets it with its windows. */
  write(sessionId: string, token: string, maxAgeSeconds: number | null): string;
  clear(name: string): string;
  /** Clears a former cookie under every path and domain that it may have had, of which a request tells nothing. */
  clearFormer(name: string): readonly string[];
}

/** Longest first, so that each name begins with at most one of them as read here. */
export const COOKIE_PREFIXES = ["__Host-Http-", "__Host-", "__Http-", "__Secure-"] as const;

export interface CookieForm {
  /** The prefix that browsers enforce; "" on plain http. */
  readonly prefix: string;
  readonly name: string;
  /** Tells this server's cookies from those of others on the same host. */
  readonly scope: string;
  /** Whether path and domain are those that are used when nothing is set. */
  readonly isDefaultPlace: boolean;
  readonly path: string;
  readonly domain: string | undefined;
  /** Whether the cookie goes along where the page is embedded in another site's. */
  readonly partitioned: boolean;
  /** Prefixes of former cookies that are read. */
  readonly formerPrefixes: readonly string[];
  readonly formerPaths: readonly string[];
  readonly formerDomains: readonly string[];
}

export function createCookieProfile(form: CookieForm): CookieProfile {
  const { prefix, name: plainName, scope, path, domain, partitioned, formerPrefixes } = form;
  // The same name with another path or domain would be a second cookie beside the first, with nothing to tell them by.
  const variant = form.isDefaultPlace ? "" : `-${shortHash(`${path}\n${domain ?? ""}`)}`;
  const nameStart = `${prefix}${plainName}.${scope}${variant}.`;
  const nameFor = (sessionId: string) => `${nameStart}${shortSessionId(sessionId)}`;
  const isOwn = (name: string) => name.startsWith(nameStart) && /^[\w-]{8}$/.test(name.slice(nameStart.length));
  const isSecure = prefix !== "";
  const attributes = (ofPath: string, ofDomain: string | undefined) =>
    `; Path=${ofPath}${ofDomain === undefined ? "" : `; Domain=${ofDomain}`}${isSecure ? "; Secure" : ""}; HttpOnly; ${
      partitioned && isSecure ? "SameSite=None; Partitioned" : "SameSite=Strict"
    }`;
  const own = attributes(path, domain);

  /** Whether the name is of a form that was ever written: the present scope, or none, or the port alone. */
  function isFormer({ name, value }: NamedCookie): boolean {
    const token = parseRefreshToken(value);
    const namePrefix = prefixOf(name);
    if (isOwn(name) || token === null || !formerPrefixes.includes(namePrefix)) return false;
    const [base = "", ...rest] = name.slice(namePrefix.length).split(".");
    const between = rest.slice(0, -1).join(".");
    if (!/^[\w-]+$/.test(base) || rest.at(-1) !== shortSessionId(token.sessionId)) return false;
    return between === "" || /^\d{1,5}$/.test(between) || `${between}-`.startsWith(`${scope}-`);
  }

  return {
    nameFor,
    read: (header) => parseCookies(header).filter(({ name }) => isOwn(name)),
    readFormer: (header) => parseCookies(header).filter(isFormer),
    write(sessionId, token, maxAgeSeconds) {
      const lifetime = maxAgeSeconds === null ? "" : `; Max-Age=${maxAgeSeconds}`;
      return `${nameFor(sessionId)}=${token}${own}${lifetime}`;
    },
    clear: (name) => `${name}=${own}; Max-Age=0`,
    clearFormer(name) {
      // Browsers let a cookie of that prefix have no other path and no domain.
      if (name.startsWith("__Host-")) return [`${name}=${attributes("/", undefined)}; Max-Age=0`];
      const domains = [undefined, ...new Set(form.formerDomains)];
      const paths = [...new Set(form.formerPaths)];
      return paths.flatMap((each) => domains.map((host) => `${name}=${attributes(each, host)}; Max-Age=0`));
    },
  };
}

/** FNV-1a, 32 bits: no secret, it only tells two texts apart, at once and in every runtime. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}

function prefixOf(name: string): string {
  return COOKIE_PREFIXES.find((prefix) => name.startsWith(prefix)) ?? "";
}

function parseCookies(header = ""): NamedCookie[] {
  return header.split(";").flatMap((pair) => {
    const separator = pair.indexOf("=");
    return separator < 0 ? [] : [{ name: pair.slice(0, separator).trim(), value: pair.slice(separator + 1).trim() }];
  });
}
