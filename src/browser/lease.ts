import type { SharedStorage } from "../core/ports.ts";

/** Who holds a lock, and until when, as wall-clock milliseconds. */
export interface Lease {
  readonly owner: string;
  readonly until: number;
}

/**
 * Reads the lease at `key`; null when it has ended, or is nothing that a tab of ours could have written at this time.
 */
export function readLease(storage: SharedStorage, key: string, now: number, longestMs: number): Lease | null {
  const lease = parseLease(storage.read(key));
  // One that ends too far ahead was written before the clock was set back, or by a stranger: nobody need wait for it.
  return lease && lease.until > now && lease.until <= now + longestMs ? lease : null;
}

/** Writes who holds `key`; null frees it. */
export function writeLease(storage: SharedStorage, key: string, lease: Lease | null): void {
  storage.write(key, lease && JSON.stringify(lease));
}

function parseLease(text: string | null): Lease | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { owner, until } = value as Record<string, unknown>;
    return typeof owner === "string" && typeof until === "number" ? { owner, until } : null;
  } catch {
    return null;
  }
}
