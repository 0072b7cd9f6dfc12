/** One `Set-Cookie` line as a browser reads it (RFC 6265bis §5.6), before anything is decided about it. */
export interface ParsedCookie {
  /** Its name; empty for a line without one. */
  readonly name: string;
  /** Its value. */
  readonly value: string;
  /** The attribute `Path`; null where there is none. */
  readonly path: string | null;
  /** The attribute `Domain` without a leading dot; null for a cookie of one host. */
  readonly domain: string | null;
  /** Whether it goes over https only. */
  readonly isSecure: boolean;
  /** Whether scripts cannot see it. */
  readonly isHttpOnly: boolean;
  /** Which requests from other sites it goes with; `lax` where nothing is said. */
  readonly sameSite: "strict" | "lax" | "none";
  /** Milliseconds since 1970; null for a cookie that ends with the browser. */
  readonly expiresAt: number | null;
}

// RFC 6265bis §5.5: user agents keep no cookie longer than 400 days.
const LONGEST_LIFE_MS = 400 * 24 * 3_600_000;

/** Reads `line`; null when a browser would drop it. `Max-Age` counts from `now`, and before `Expires`. */
export function parseSetCookie(line: string, now: number): ParsedCookie | null {
  const [pair = "", ...attributeParts] = line.split(";");
  const equals = pair.indexOf("=");
  const name = equals < 0 ? "" : pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  if (name === "" && value === "") return null;

  const attributes = new Map<string, string>();
  for (const part of attributeParts) {
    const at = part.indexOf("=");
    const key = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    attributes.set(key, at < 0 ? "" : part.slice(at + 1).trim());
  }

  const path = attributes.get("path");
  const sameSite = attributes.get("samesite")?.toLowerCase();
  return {
    name,
    value,
    path: path?.startsWith("/") ? path : null,
    domain: attributes.get("domain")?.replace(/^\./, "").toLowerCase() || null,
    isSecure: attributes.has("secure"),
    isHttpOnly: attributes.has("httponly"),
    sameSite: sameSite === "strict" || sameSite === "none" ? sameSite : "lax",
    expiresAt: parseExpiry(attributes.get("max-age"), attributes.get("expires"), now),
  };
}

function parseExpiry(maxAge: string | undefined, expires: string | undefined, now: number): number | null {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Math.min(Number(maxAge) * 1_000, LONGEST_LIFE_MS);
  const at = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isNaN(at) ? null : Math.min(at, now + LONGEST_LIFE_MS);
}
