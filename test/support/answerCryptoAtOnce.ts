import { createHash, createHmac, hkdfSync, KeyObject, pbkdf2Sync, sign, timingSafeEqual, verify } from "node:crypto";

/** For an HMAC it is a word, and the key says which hash. */
interface Ecdsa {
  readonly hash: string;
}

interface Derivation {
  readonly hash: string;
  readonly salt: BufferSource;
  readonly info: BufferSource;
  readonly iterations: number;
}

/**
 * Lets Node's Web Crypto make hashes, signatures and derived keys at once instead of on threads, from which they come in an order
 * of their own: a simulated world then goes the same way in each run, and sooner. Keys and results are the same. Ends with `using`.
 */
export function answerCryptoAtOnce(): Disposable {
  const { subtle } = crypto;
  const atOnce = {
    async digest(hash: string, data: BufferSource) {
      return asBuffer(createHash(hash).update(asBytes(data)).digest());
    },
    async sign({ hash }: Ecdsa, key: CryptoKey, data: BufferSource) {
      if (key.algorithm.name === "HMAC") return asBuffer(hmac(key, data));
      return asBuffer(sign(hash, asBytes(data), { key: KeyObject.from(key), dsaEncoding: "ieee-p1363" }));
    },
    async verify({ hash }: Ecdsa, key: CryptoKey, signature: BufferSource, data: BufferSource) {
      if (key.algorithm.name === "HMAC") {
        const expected = hmac(key, data);
        return expected.length === signature.byteLength && timingSafeEqual(expected, asBytes(signature));
      }
      const pair = { key: KeyObject.from(key), dsaEncoding: "ieee-p1363" as const };
      return verify(hash, asBytes(data), pair, asBytes(signature));
    },
    async deriveBits(algorithm: Derivation, key: CryptoKey, bits: number) {
      return derive(algorithm, key, bits / 8);
    },
    async deriveKey(algorithm: Derivation, key: CryptoKey, made: HmacImportParams, isExtractable: boolean, usages: []) {
      return subtle.importKey("raw", derive(algorithm, key, (made.length ?? 0) / 8), made, isExtractable, usages);
    },
  };
  Object.assign(subtle, atOnce);
  return {
    [Symbol.dispose]() {
      // What stands on the object itself hides the real ones, which its prototype has.
      for (const name of Object.keys(atOnce)) Reflect.deleteProperty(subtle, name);
    },
  };
}

function hmac(key: CryptoKey, data: BufferSource): Buffer {
  const { hash } = key.algorithm as HmacKeyAlgorithm;
  return createHmac(hash.name, KeyObject.from(key)).update(asBytes(data)).digest();
}

function derive({ hash, salt, info, iterations }: Derivation, key: CryptoKey, length: number): ArrayBuffer {
  const secret = KeyObject.from(key);
  if (key.algorithm.name === "HKDF") return hkdfSync(hash, secret, asBytes(salt), asBytes(info), length);
  return asBuffer(pbkdf2Sync(secret.export(), asBytes(salt), iterations, length, hash));
}

function asBytes(data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function asBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
