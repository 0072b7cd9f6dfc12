import { dictionary } from "@zxcvbn-ts/language-common";
import type { Plugin } from "vite";
import { MIN_PASSWORD_CHARACTERS } from "../src/server/passwordPolicy.ts";

const ID = "@zxcvbn-ts/language-common";

/**
 * The list of common passwords as it is built into the server: without the words that no password is compared with, and without
 * those that are too short to be chosen at all. Each says only how it goes on after the start that it shares with the one before
 * (`A` for none, `B` for one character, …): a fifth of the original's size.
 */
export function longCommonPasswords(): Plugin {
  return {
    name: "long-common-passwords",
    apply: "build",
    enforce: "pre",
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    load(id) {
      if (id !== `\0${ID}`) return null;
      return `const packed = ${JSON.stringify(pack(dictionary["passwords-common"]))};
const words = [];
for (const [, shared, rest] of packed.matchAll(/([A-Z])([^A-Z]+)/g))
  words.push((words.at(-1) ?? "").slice(0, shared.charCodeAt(0) - 65) + rest);
export const dictionary = { "passwords-common": words };
`;
    },
  };
}

function pack(passwords: readonly (string | number)[]): string {
  let before = "";
  return passwords
    .map(String)
    .filter((password) => password.length >= MIN_PASSWORD_CHARACTERS && !/[A-Z]/.test(password))
    .toSorted()
    .map((password) => {
      let shared = 0;
      // The rest is never empty, and its length has to be a letter.
      while (shared < Math.min(25, password.length - 1) && password[shared] === before[shared]) shared += 1;
      before = password;
      return String.fromCharCode(65 + shared) + password.slice(shared);
    })
    .join("");
}
