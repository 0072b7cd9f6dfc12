import type { PasswordHasher } from "./passwordHasher.ts";
import { ServiceUnavailableError } from "./serviceUnavailableError.ts";
import { utf8 } from "./encoding.ts";

const MIN_BYTES = 8;
const MAX_BYTES = 1024;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for no hash (an unknown subject, a guest) as for a wrong password. */
  matches(hash: string | null, password: string): Promise<boolean>;
  needsRehash(hash: string): boolean;
}

/** Why a new password is refused, for people; null when it will do. */
export function passwordObjection(password: string): string | null {
  const length = utf8(password).length;
  if (length < MIN_BYTES) return `Password should be at least ${MIN_BYTES} characters`;
  if (length > MAX_BYTES) return `Password should be at most ${MAX_BYTES} bytes`;
  return null;
}

/**
 * A hasher that never works on more than `maxConcurrent` passwords at once.
 * @throws ServiceUnavailableError beyond that: a flood of sign-ins must not take the memory or the threads of
 * everything else.
 */
export function createPasswords(hasher: PasswordHasher, maxConcurrent: number): Passwords {
  let running = 0;
  let unknownSubjectsHash: Promise<string> | undefined;

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    if (running >= maxConcurrent) throw new ServiceUnavailableError("Too many passwords are being checked at once.");
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  }

  return {
    hash: (password) => bounded(() => hasher.hash(password)),
    matches: (hash, password) =>
      bounded(async () => {
        // Made for known and unknown subjects alike, so that the first unknown one does not take the time of two.
        unknownSubjectsHash ??= hasher.hash("nobody's password");
        let substitute: string;
        try {
          substitute = await unknownSubjectsHash;
        } catch (error) {
          unknownSubjectsHash = undefined;
          throw error;
        }
        if (utf8(password).length > MAX_BYTES) return false;
        const matched = await hasher.verify(hash ?? substitute, password);
        return hash !== null && matched;
      }),
    needsRehash: (hash) => hasher.needsRehash(hash),
  };
}
