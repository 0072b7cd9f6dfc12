/**
 * Turns passwords into hashes that can be stored, and checks them. Use {@link argon2PasswordHasher} (the default) on a
 * server; {@link pbkdf2PasswordHasher} runs everywhere, also in a page.
 */
export interface PasswordHasher {
  /** Resolves when it can be used, so that a server tells at its start, not at the first sign-in. Default: at once. */
  ready?(): Promise<void>;
  /** A hash that names its own parameters and salt. */
  hash(password: string): Promise<string>;
  /** False also for a text that is no hash of this hasher. */
  verify(hash: string, password: string): Promise<boolean>;
  /** Whether `hash` was made with weaker parameters than those of today; it is then renewed at the next sign-in. */
  needsRehash(hash: string): boolean;
}
