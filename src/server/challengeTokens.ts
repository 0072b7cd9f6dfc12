import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Transport } from "./authStore.ts";
import { deriveBytes, encodeBase64url, randomBytes } from "./encoding.ts";

/** A sign-in that waits for a further factor: all that the server knows of it is in the token. */
export interface PendingSignIn {
  /** Of the challenge. */
  readonly id: string;
  readonly subjectId: string;
  /** The subject's version when the password was checked. */
  readonly credentialVersion: number;
  readonly transport: Transport;
  readonly persistent: boolean;
  readonly boundKey: string | null;
  readonly method: string | null;
  /** What was proved so far. */
  readonly amr: readonly string[];
}

export interface ChallengeTokens {
  issue(signIn: Omit<PendingSignIn, "id">, id: string): Promise<string>;
  /** Null for what has expired, and for what was never one of ours. */
  read(token: string): Promise<PendingSignIn | null>;
}

const TYPE = "sign-in-challenge+jwt";

const content = z.object({
  jti: z.string(),
  sub: z.string(),
  version: z.int(),
  transport: z.enum(["cookie", "body", "none"]),
  persistent: z.boolean(),
  key: z.string().nullable(),
  method: z.string().nullable(),
  amr: z.array(z.string()),
});

export const createChallengeId = (): string => encodeBase64url(randomBytes(16));

/**
 * Under a key of their own, which is made of those of refresh tokens, so that all servers with the same keys know them, none
 * stores them, and none is an access token.
 */
export function createChallengeTokens(
  secrets: Promise<readonly Uint8Array<ArrayBuffer>[]>,
  issuer: string,
  lifetimeMs: number,
  clock: () => number,
): ChallengeTokens {
  const keys = secrets.then((ring) =>
    Promise.all(ring.map((secret) => deriveBytes(secret, "stay-signed-in challenge"))),
  );
  // Nobody may be waiting for it yet; whoever does gets the rejection all the same.
  keys.catch(() => undefined);

  // Another deployment under the same keys asks for second factors of its own.
  const audience = `sign-in challenge of ${issuer}`;

  return {
    async issue({ subjectId, credentialVersion, boundKey, ...rest }, id) {
      const [key] = await keys;
      if (key === undefined) throw new Error("There is no key to sign a challenge with.");
      return new SignJWT({ version: credentialVersion, key: boundKey, ...rest })
        .setProtectedHeader({ alg: "HS256", typ: TYPE })
        .setSubject(subjectId)
        .setAudience(audience)
        .setJti(id)
        .setExpirationTime(new Date(clock() + lifetimeMs))
        .sign(key);
    },
    async read(token) {
      const rules = {
        algorithms: ["HS256"],
        typ: TYPE,
        audience,
        requiredClaims: ["exp"],
        currentDate: new Date(clock()),
      };
      for (const key of await keys) {
        const verified = await jwtVerify(token, key, rules).catch(() => null);
        const parsed = content.safeParse(verified?.payload);
        if (!parsed.success) continue;
        const { jti, sub, version, key: boundKey, ...rest } = parsed.data;
        return { id: jti, subjectId: sub, credentialVersion: version, boundKey, ...rest };
      }
      return null;
    },
  };
}
