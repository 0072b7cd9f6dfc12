import { decodeBase64url, deriveBytes, encodeBase64url, utf8 } from "./encoding.ts";

/** What keeps a proof from being made in advance or used twice. */
export interface DpopNonces {
  /** The one to use now. The same text for everybody: it is no secret, it only cannot be foreseen. */
  current(): Promise<string>;
  isGood(nonce: string): Promise<boolean>;
  /** False when this proof was used here before. */
  useOnce(proofId: string): boolean;
}

const MAX_USED = 100_000;

/**
 * A nonce is a stretch of time under a MAC, so that all servers with the same keys know it and none stores it. It is good
 * for its own stretch and the next.
 */
export function createDpopNonces(
  secrets: Promise<readonly Uint8Array<ArrayBuffer>[]>,
  stretchMs: number,
  clock: () => number,
): DpopNonces {
  const keys = secrets.then((ring) =>
    Promise.all(
      ring.map(async (secret) => {
        const bytes = await deriveBytes(secret, "stay-signed-in dpop nonce");
        return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
      }),
    ),
  );
  keys.catch(() => undefined);
  const stretchAt = () => Math.floor(clock() / stretchMs);
  const used = new Map<string, number>();

  return {
    async current() {
      const [key] = await keys;
      if (key === undefined) throw new Error("There is no key to make a nonce with.");
      const stretch = String(stretchAt());
      return `${stretch}.${encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(stretch))))}`;
    },
    async isGood(nonce) {
      const [stretch = "", macText = "", ...rest] = nonce.split(".");
      const mac = decodeBase64url(macText);
      const age = stretchAt() - Number(stretch);
      // One ahead is another server's clock.
      if (rest.length > 0 || mac === null || !/^\d{1,16}$/.test(stretch) || !(age >= -1 && age <= 1)) return false;
      for (const key of await keys) if (await crypto.subtle.verify("HMAC", key, mac, utf8(stretch))) return true;
      return false;
    },
    useOnce(proofId) {
      if (used.has(proofId)) return false;
      used.set(proofId, stretchAt());
      // Oldest first: whatever can no longer come with a good nonce, and what is too much.
      for (const [id, stretch] of used) {
        if (used.size <= MAX_USED && stretch >= stretchAt() - 2) break;
        used.delete(id);
      }
      return true;
    },
  };
}
