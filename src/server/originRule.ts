import type { RequestFacts } from "./requestFacts.ts";

export interface OriginRuleOptions {
  readonly allowedOrigins: ReadonlySet<string>;
  /** Of programs that are made of a web page: no cookie for them, but the body transport. */
  readonly nativeOrigins: ReadonlySet<string>;
  /** The origin of `publicUrl`, where that is set. */
  readonly publicOrigin: string | undefined;
}

/**
 * `allowed`: the page may use the cookie. `refused`: 403. `bodyOnly`: nothing says that a browser sent this, so it can
 * only be a program with the body transport.
 */
export type OriginVerdict = "allowed" | "refused" | "bodyOnly";

/** Decides whether a request may read or set the cookie: PROTOCOL's "Cross-site requests", in its order. */
export function judgeOrigin(facts: RequestFacts, options: OriginRuleOptions): OriginVerdict {
  const { allowedOrigins, nativeOrigins, publicOrigin } = options;
  const { origin, secFetchSite, cookie, host } = facts;
  if (origin !== undefined && allowedOrigins.has(origin)) return "allowed";
  if (origin !== undefined && nativeOrigins.has(origin)) return cookie === undefined ? "bodyOnly" : "refused";
  if (secFetchSite !== undefined) return secFetchSite === "same-origin" ? "allowed" : "refused";
  if (origin !== undefined) {
    const isOwn = publicOrigin === undefined ? hostOf(origin) === host : origin === publicOrigin;
    return isOwn ? "allowed" : "refused";
  }
  return cookie === undefined ? "bodyOnly" : "refused";
}

/**
 * Whether the request could come from a page: then it may have no refresh token in a body, neither way. A page of an origin
 * that is named as a program's counts as one.
 */
export function mayComeFromPage(
  { origin, secFetchSite, cookie }: RequestFacts,
  nativeOrigins: ReadonlySet<string>,
): boolean {
  if (cookie !== undefined) return true;
  return origin === undefined ? secFetchSite !== undefined : !nativeOrigins.has(origin);
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
