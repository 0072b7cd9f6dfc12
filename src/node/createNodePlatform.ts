import { createHash } from "node:crypto";
import type { Platform } from "../core/ports.ts";
import { createFileStorage } from "./fileStorage.ts";
import { createFileTabLock } from "./fileTabLock.ts";
import { createNodeClock } from "./nodeClock.ts";
import { createNodeSignals } from "./nodeSignals.ts";
import type { SessionFilePlace } from "./sessionFilePath.ts";

/**
 * The ports on Node, for the processes that share one session file and speak to one server: lock files and notes lie beside
 * that file. No channel is needed; the file is read anew under the lock and after a rejection.
 *
 * Timers, watchers and the waiting for the lock keep no process alive.
 */
export function createNodePlatform({ place, address }: { place: SessionFilePlace; address: string }): Platform {
  const clock = createNodeClock();
  const pathOf =
    (kind: "lock" | "note") =>
    (name: string): string =>
      `${place.path}.${createHash("sha256").update(`${address}\n${name}`).digest("hex").slice(0, 16)}.${kind}`;
  return {
    clock,
    fetch: (input, init) => globalThis.fetch(input, init),
    random: Math.random,
    signals: createNodeSignals(clock),
    lock: createFileTabLock({ pathOf: pathOf("lock"), ownFolder: place.ownFolder }),
    storage: createFileStorage(pathOf("note")),
    warn: (message) => process.emitWarning(message, { type: "StaySignedInWarning" }),
  };
}
