import type { Platform } from "../core/ports.ts";

/** When somebody last did something, in whichever tab: wall-clock milliseconds. */
export interface ActivityRecord {
  /** `none`: no tab has written any, or one has taken it away. */
  read(): number | "none";
  write(at: number | null): void;
  /** Calls `listener` when another tab has written it; returns its removal. */
  onChange(listener: () => void): () => void;
}

/** In the shared storage, or in this tab's memory where there is none or it fails: the developer is told. */
export function createActivityRecord({ storage, warn }: Platform, key: string): ActivityRecord {
  let own: string | null = null;
  let isShared = true;

  function guarded<T>(work: () => T, otherwise: T): T {
    try {
      if (isShared && storage !== undefined) return work();
    } catch {
      // Told below.
    }
    if (isShared) warn?.("The shared storage cannot be used: who is idle is found out by each tab for itself.");
    isShared = false;
    return otherwise;
  }

  return {
    read() {
      const text = guarded(() => storage?.read(key) ?? null, own);
      const at = text === null ? Number.NaN : Number(text);
      return Number.isFinite(at) && at > 0 ? at : "none";
    },
    write(at) {
      own = at === null ? null : String(at);
      guarded(() => storage?.write(key, own), undefined);
    },
    onChange: (listener) => guarded(() => storage?.onChange?.(key, listener), undefined) ?? (() => {}),
  };
}
