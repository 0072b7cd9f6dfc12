import type { Terminal } from "./terminal.ts";

const SILENCE_MS = 3_000;

/** Says once what is being waited for, when the server takes long for its first answer. */
export function createPatientFetch(terminal: Terminal, address: string): typeof globalThis.fetch {
  let hasSpoken = false;
  return async (input, init) => {
    if (hasSpoken) return globalThis.fetch(input, init);
    const timer = setTimeout(() => {
      if (!hasSpoken) terminal.say(`Still waiting for an answer from ${address} …`);
      hasSpoken = true;
    }, SILENCE_MS);
    try {
      const answer = await globalThis.fetch(input, init);
      hasSpoken = true;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  };
}
