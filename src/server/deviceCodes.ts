import { encodeBase64url, randomBytes, utf8 } from "./encoding.ts";

/** No vowels, so that no words come out, and no letters that are easily taken for another (RFC 8628 §6.1). */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const USER_CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);
/** The largest multiple of the number of letters that a byte can hold: beyond it some letters would come more often. */
const FAIR_LIMIT = 256 - (256 % LETTERS.length);

export function createUserCode(): string {
  let code = "";
  while (code.length < LENGTH) {
    for (const byte of randomBytes(LENGTH * 2)) {
      if (byte < FAIR_LIMIT && code.length < LENGTH) code += LETTERS.charAt(byte % LETTERS.length);
    }
  }
  return code;
}

export function showUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** Reads a code as people type it, without case, dash or space; null for what cannot be one. */
export function parseUserCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s-]/g, "");
  return USER_CODE.test(code) ? code : null;
}

export function createDeviceCode(): string {
  return encodeBase64url(randomBytes(32));
}

export async function hashDeviceCode(deviceCode: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(deviceCode))));
}
