import type { CheckPassword } from "stay-signed-in/server";

interface BreachedPasswordsOptions {
  /** The service that lists breached passwords by the beginning of their SHA-1. */
  readonly rangeUrl?: string;
  /** How long it may take; after that the password is taken. */
  readonly timeoutMs?: number;
}

/**
 * A `checkPassword` that refuses what stands in public lists of breached passwords. Of the password's hash the service is
 * told the first 20 of 160 bits, which some thousand passwords share (k-anonymity); the comparison is made here.
 */
export function refuseBreachedPasswords({
  rangeUrl = "https://api.pwnedpasswords.com/range/",
  timeoutMs = 2_000,
}: BreachedPasswordsOptions = {}): CheckPassword {
  return async (password) => {
    const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(password));
    const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"))
      .join("")
      .toUpperCase();
    const lines = await readRange(`${rangeUrl}${hash.slice(0, 5)}`, timeoutMs);
    // Padding, which hides how long the answer is, counts 0.
    const found = lines.find((line) => line.startsWith(`${hash.slice(5)}:`) && !line.endsWith(":0"));
    return found === undefined ? null : "This password stands in a public list of stolen ones; choose another.";
  };
}

/** No lines where the service does not answer: an outage there must keep nobody from registering here. */
async function readRange(url: string, timeoutMs: number): Promise<readonly string[]> {
  try {
    const answer = await fetch(url, { headers: { "Add-Padding": "true" }, signal: AbortSignal.timeout(timeoutMs) });
    return answer.ok ? (await answer.text()).split(/\r?\n/) : [];
  } catch {
    return [];
  }
}
