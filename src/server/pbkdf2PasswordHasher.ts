import { aNumber, checkOptions } from "./checkOptions.ts";
import { decodeBase64url, encodeBase64url, randomBytes, utf8 } from "./encoding.ts";
import type { PasswordHasher } from "./passwordHasher.ts";

/**
 * PBKDF2 with HMAC-SHA-256 on Web Crypto alone: for pages, tests and runtimes where no native argon2 can be loaded.
 *
 * `iterations` is 600,000 by default, as the OWASP password storage cheat sheet names; tests may take 1.
 */
export function pbkdf2PasswordHasher(options: { readonly iterations?: number } = {}): PasswordHasher {
  checkOptions<typeof options>("pbkdf2PasswordHasher", options, { iterations: aNumber });
  const { iterations = 600_000 } = options;

  async function derive(
    password: string,
    salt: Uint8Array<ArrayBuffer>,
    rounds: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const key = await crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
  }

  return {
    async hash(password) {
      const salt = randomBytes(16);
      const derived = await derive(password, salt, iterations);
      return `$pbkdf2-sha256$i=${iterations}$${encodeBase64url(salt)}$${encodeBase64url(derived)}`;
    },
    async verify(hash, password) {
      const parsed = parse(hash);
      if (parsed === null) return false;
      const derived = await derive(password, parsed.salt, parsed.rounds);
      let difference = derived.length ^ parsed.derived.length;
      // Every byte is looked at, so that the time says nothing about where the two differ.
      derived.forEach((byte, index) => {
        difference |= byte ^ (parsed.derived[index] ?? 0);
      });
      return difference === 0;
    },
    needsRehash(hash) {
      const parsed = parse(hash);
      return parsed === null || parsed.rounds < iterations;
    },
  };
}

function parse(hash: string) {
  const match = /^\$pbkdf2-sha256\$i=(\d{1,9})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/.exec(hash);
  const salt = decodeBase64url(match?.[2] ?? "");
  const derived = decodeBase64url(match?.[3] ?? "");
  const rounds = Number(match?.[1]);
  if (salt === null || derived === null || !(rounds >= 1)) return null;
  return { rounds, salt, derived };
}
