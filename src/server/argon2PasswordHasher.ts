import { aNumber, checkOptions } from "./checkOptions.ts";
import { loadPeer } from "./loadPeer.ts";
import type { PasswordHasher } from "./passwordHasher.ts";
import { requirePeer } from "./requirePeer.ts";

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
 *
 * @throws OptionsError for an unknown option, and where the peer is not installed.
 */
export function argon2PasswordHasher(chosen: Argon2Options = {}): PasswordHasher {
  checkOptions<Argon2Options>("argon2PasswordHasher", chosen, {
    memoryKib: aNumber,
    passes: aNumber,
    parallelism: aNumber,
  });
  requirePeer("@node-rs/argon2", "passwords are hashed with it unless `passwordHasher` names another");
  const { memoryKib = 19_456, passes = 2, parallelism = 1 } = chosen;
  // `Algorithm.Argon2id` is a const enum, which has no value at run time under isolated modules.
  const options = { algorithm: 2, memoryCost: memoryKib, timeCost: passes, parallelism } as const;

  return {
    async ready() {
      await loadArgon2();
    },
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
