import { randomUUID } from "node:crypto";
import type { OpenedKey } from "./sessionKeys.ts";

/** An answer that was got by other means than a sign-in, and the key that was proved for it. */
export interface Handover {
  readonly answer: Response;
  readonly key: OpenedKey | null;
}

/** Lets the core's own sign-in take an answer that is here already: by a name that no user can have. */
export interface Handovers {
  /** What to sign in with. */
  offer(handover: Handover): { username: string; password: string };
  /** What is behind a user name, once; null for all others. */
  take(username: string): Handover | null;
}

const PREFIX = "handover:";

export function createHandovers(): Handovers {
  const offered = new Map<string, Handover>();
  return {
    offer(handover) {
      const username = `${PREFIX}${randomUUID()}`;
      offered.set(username, handover);
      return { username, password: PREFIX };
    },
    take(username) {
      const handover = offered.get(username) ?? null;
      offered.delete(username);
      return handover;
    },
  };
}
