import { createHashQueue } from "./hashQueue.ts";
import { MAX_PASSWORD_BYTES } from "./passwordPolicy.ts";
import type { PasswordHasher } from "./passwordHasher.ts";
import { utf8 } from "./encoding.ts";

export interface Passwords {
  /** `line` is whom it is for: those who wait take turns by it. */
  hash(password: string, line: string): Promise<string>;
  /** Takes as long for no hash (an unknown subject, a guest) as for a wrong password. */
  matches(hash: string | null, password: string, line: string): Promise<boolean>;
  needsRehash(hash: string): boolean;
}

/**
 * A hasher that never works on more than `maxConcurrent` passwords at once, so that a flood of sign-ins does not take the
 * memory and the threads of everything else.
 * @throws ServiceUnavailableError when more than `maxWaiting` wait for their turn.
 */
export function createPasswords(hasher: PasswordHasher, maxConcurrent: number, maxWaiting: number): Passwords {
  const queue = createHashQueue(maxConcurrent, maxWaiting);
  let unknownSubjectsHash: Promise<string> | undefined;

  return {
    hash: (password, line) => queue.run(line, () => hasher.hash(password)),
    matches: (hash, password, line) =>
      queue.run(line, async () => {
        // Made for known and unknown subjects alike, so that the first unknown one does not take the time of two.
        unknownSubjectsHash ??= hasher.hash("nobody's password");
        let substitute: string;
        try {
          substitute = await unknownSubjectsHash;
        } catch (error) {
          unknownSubjectsHash = undefined;
          throw error;
        }
        if (utf8(password).length > MAX_PASSWORD_BYTES) return false;
        const matched = await hasher.verify(hash ?? substitute, password);
        return hash !== null && matched;
      }),
    needsRehash: (hash) => hasher.needsRehash(hash),
  };
}
