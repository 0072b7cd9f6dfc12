import { algorithmOf, createPrivateKeyRing, createSecretRing, type KeyRing } from "./accessTokenKeys.ts";
import type { AuthServerOptions, Secret } from "./authServerOptions.ts";
import { deriveBytes, utf8 } from "./encoding.ts";
import { isProduction } from "./isProduction.ts";
import { OptionsError } from "./optionsError.ts";

/** What signs access tokens; `secrets` where that is a secret. */
export function accessKeys(
  options: AuthServerOptions,
  lifetimeMs: number,
): { keyRing: KeyRing; secrets: Uint8Array<ArrayBuffer>[] } {
  const { accessTokenKeys, accessTokenSecret, revokedKeys = [] } = options;
  if (accessTokenSecret !== undefined && accessTokenKeys !== undefined) {
    throw new OptionsError("Give `accessTokenSecret` or `accessTokenKeys`, not both.");
  }
  if (accessTokenKeys !== undefined) {
    if (accessTokenKeys.length === 0) throw new OptionsError("`accessTokenKeys` needs at least one key.");
    accessTokenKeys.forEach(({ privateKey }) => algorithmOf(privateKey));
    if (accessTokenKeys.filter(({ publishedAt }) => publishedAt === undefined).length > 1) {
      throw new OptionsError("Each of `accessTokenKeys` but the oldest needs its `publishedAt`.");
    }
    return { keyRing: createPrivateKeyRing(accessTokenKeys, lifetimeMs, revokedKeys), secrets: [] };
  }
  if (accessTokenSecret === undefined)
    throw new OptionsError(
      "`accessTokenSecret` or `accessTokenKeys` is required: `openssl rand -base64 32` makes a secret.",
    );
  const secrets = parseSecrets("accessTokenSecret", accessTokenSecret);
  return { keyRing: createSecretRing(secrets, revokedKeys), secrets };
}

/** What refresh tokens are signed with: derived of the access tokens' secret unless there are keys for them. */
export function refreshSecretsOf(
  { refreshTokenKeys }: AuthServerOptions,
  accessSecrets: readonly Uint8Array<ArrayBuffer>[],
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  if (refreshTokenKeys !== undefined) return Promise.resolve(parseSecrets("refreshTokenKeys", refreshTokenKeys));
  if (accessSecrets.length === 0) throw new OptionsError("`accessTokenKeys` needs `refreshTokenKeys` beside it.");
  const derived = Promise.all(accessSecrets.map((secret) => deriveBytes(secret, "stay-signed-in refresh tokens")));
  // Nobody may be waiting for it yet; whoever does gets the rejection all the same.
  derived.catch(() => undefined);
  return derived;
}

function parseSecrets(option: string, secrets: Secret | readonly Secret[]): Uint8Array<ArrayBuffer>[] {
  const ring = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets;
  if (ring.length === 0) throw new OptionsError(`\`${option}\` needs at least one secret.`);
  return ring.map((secret) => {
    const bytes = typeof secret === "string" ? utf8(secret) : new Uint8Array(secret);
    if (bytes.length < 32)
      throw new OptionsError(`\`${option}\` must have at least 32 bytes: \`openssl rand -base64 32\` makes one.`);
    if (isProduction() && new Set(bytes).size < 10) {
      throw new OptionsError(`\`${option}\` is a placeholder; in production it must be 32 random bytes.`);
    }
    return bytes;
  });
}

/** What a server that renders pages asks with. */
export function peekKeysOf({ peekKey = [], accessTokenSecret = [], refreshTokenKeys = [] }: AuthServerOptions) {
  const ring = typeof peekKey === "string" ? [peekKey] : peekKey;
  const signing = new Set<unknown>([accessTokenSecret, refreshTokenKeys].flat());
  for (const key of ring) {
    if (!/^[\x21-\x7e]{32,}$/.test(key)) {
      throw new OptionsError(
        "`peekKey` has at least 32 characters, letters, digits and signs: `openssl rand -base64 32`.",
      );
    }
    if (signing.has(key)) {
      throw new OptionsError(
        "`peekKey` is also the secret that signs tokens: whoever renders pages would make tokens with it.",
      );
    }
  }
  return ring;
}
