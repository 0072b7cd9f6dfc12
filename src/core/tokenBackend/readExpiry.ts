import { parseClaims } from "../claims.ts";
import type { Expiry, SessionFields } from "./tokenBackendOptions.ts";

// No span in seconds is longer than 31 years, and no moment in seconds since 1970 lies before 2001.
const MOMENT_FROM_SECONDS = 1e9;
// No moment in seconds lies after 5138, and no moment in milliseconds before 1973.
const MOMENT_FROM_MS = 1e11;

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * How long the token of an answer lives from now on, in seconds; null where the answer does not say or the token itself says it
 * better. T03: servers spell this in any of seconds, milliseconds, spans and ISO text.
 *
 * @throws TypeError with the name of the field that cannot be read.
 */
export function readExpiresInSeconds(
  { expiresIn, expiresAt }: SessionFields,
  accessToken: string,
  now: number,
): number | null {
  const told = readSpan("expiresIn", expiresIn, now) ?? read("expiresAt", expiresAt, now, "moment");
  if (told === null) return null;
  const { issuedAt = null, expiresAt: endsAt = null } = parseClaims(accessToken) ?? {};
  // By a moment on the server's clock a wrong clock here is off; its own two claims are not.
  if (issuedAt !== null && endsAt !== null && endsAt > issuedAt) {
    const own = endsAt - issuedAt;
    if (told.isMoment || Math.abs(told.seconds / own - 1_000) < 500) return null;
  }
  return told.seconds > 0 ? told.seconds : null;
}

/** How long the session lasts from now on, in seconds; null where the answer does not say. @throws TypeError as above. */
export function readSessionEndsInSeconds({ sessionEndsIn }: SessionFields, now: number): number | null {
  const { seconds = 0 } = readSpan("sessionEndsIn", sessionEndsIn, now) ?? {};
  return seconds > 0 ? seconds : null;
}

const readSpan = (field: keyof SessionFields, value: Expiry, now: number) => read(field, value, now, "span");

function read(
  field: keyof SessionFields,
  value: Expiry,
  now: number,
  meaning: "span" | "moment",
): { readonly seconds: number; readonly isMoment: boolean } | null {
  if (value === null || value === undefined || value === "") return null;
  const momentAt = (ms: number) => ({ seconds: (ms - now) / 1_000, isMoment: true });
  if (value instanceof Date && !Number.isNaN(value.getTime())) return momentAt(value.getTime());
  const number = typeof value === "number" ? value : typeof value === "string" ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) {
    if (number >= MOMENT_FROM_MS) return momentAt(number);
    if (number >= MOMENT_FROM_SECONDS) return momentAt(number * 1_000);
    if (meaning === "span" || number <= 0) return { seconds: number, isMoment: false };
  } else if (typeof value === "string") {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/i.exec(value.trim()) ?? [];
    const unitMs = UNITS_MS[unit?.toLowerCase() ?? ""];
    if (amount !== undefined && unitMs !== undefined)
      return { seconds: (Number(amount) * unitMs) / 1_000, isMoment: false };
    const moment = Date.parse(value);
    if (!Number.isNaN(moment)) return momentAt(moment);
  }
  const wanted =
    meaning === "span"
      ? "seconds, or a text such as `15m`"
      : "seconds or milliseconds since 1970, ISO text or a `Date`; a span is `expiresIn`";
  throw new TypeError(`\`${field}\` must be ${wanted}`);
}
