import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose";

export interface ProofExpectation {
  readonly method: string;
  /** Whether this is the address of the request, as some door of the server has it. */
  readonly isOwnAddress: (address: URL) => boolean;
  readonly isGoodNonce: (nonce: string) => boolean | Promise<boolean>;
}

export type ProofVerdict =
  | { readonly kind: "proved"; readonly thumbprint: string; readonly id: string }
  /** A good proof without a nonce of ours, or with one that is too old: to be sent again with a new one. */
  | { readonly kind: "nonceNeeded" }
  | { readonly kind: "refused" };

const REFUSED = { kind: "refused" } as const;
const MAX_LENGTH = 2048;

/**
 * Checks a DPoP proof (RFC 9449 §4.3). The nonce of the server takes the place of `iat`, so that a client whose clock is
 * wrong is not refused, and none can be made in advance.
 */
export async function verifyDpopProof(
  proof: string,
  { method, isOwnAddress, isGoodNonce }: ProofExpectation,
): Promise<ProofVerdict> {
  if (proof.length > MAX_LENGTH) return REFUSED;
  try {
    // `iat` is asked for below; the current time says nothing here.
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: "dpop+jwt",
      algorithms: ["ES256"],
    });
    const { jwk } = protectedHeader;
    const { htm, htu, jti, iat, nonce } = payload;
    if (jwk === undefined || "d" in jwk || typeof iat !== "number") return REFUSED;
    if (htm !== method || typeof jti !== "string" || jti === "" || jti.length > 128) return REFUSED;
    if (typeof htu !== "string" || !URL.canParse(htu) || !isOwnAddress(new URL(htu))) return REFUSED;
    if (typeof nonce !== "string" || !(await isGoodNonce(nonce))) return { kind: "nonceNeeded" };
    return { kind: "proved", thumbprint: await calculateJwkThumbprint(jwk), id: jti };
  } catch {
    return REFUSED;
  }
}
