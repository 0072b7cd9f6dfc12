import { loadPeer } from "./loadPeer.ts";
import type { PasswordHasher } from "./passwordHasher.ts";

/** What hashing a password costs. */
export interface Argon2Options {
  /** Memory in KiB. Default 19,456 (19 MiB), the OWASP password storage cheat sheet's first choice with two passes. */
  readonly memoryKib?: number | undefined;
  /** Passes over it. Default 2. */
  readonly passes?: number | undefined;
  /** Threads. Default 1. */
  readonly parallelism?: number | undefined;
}

/**
 * argon2id (RFC 9106) through the optional peer `@node-rs/argon2`, which is loaded at the first hash and works off the
 * main thread. Raise the parameters at any time: each hash is renewed when its owner next signs in.
 */
export function argon2PasswordHasher({
  memoryKib = 19_456,
  passes = 2,
  parallelism = 1,
}: Argon2Options = {}): PasswordHasher {
  // `Algorithm.Argon2id` is a const enum, which has no value at run time under isolated modules.
  const options = { algorithm: 2, memoryCost: memoryKib, timeCost: passes, parallelism } as const;

  return {
    async hash(password) {
      const { hash } = await loadArgon2();
      return hash(password, options);
    },
    async verify(hash, password) {
      const { verify } = await loadArgon2();
      try {
        return await verify(hash, password);
      } catch {
        return false;
      }
    },
    needsRehash(hash) {
      const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hash);
      return (
        match === null || Number(match[1]) < memoryKib || Number(match[2]) < passes || Number(match[3]) < parallelism
      );
    },
  };
}

function loadArgon2(): Promise<typeof import("@node-rs/argon2")> {
  return loadPeer("@node-rs/argon2");
}
