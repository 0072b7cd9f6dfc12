import { type Fields, isFields } from "./parse.ts";
import type { Parts } from "./parts.ts";

export interface SharedStorage {
  /** Whether it outlives this page. */
  isShared(): boolean;
  /** What is written there, or null where it is nothing that makes sense. */
  read(key: string): Fields | null;
  write(key: string, value: object | null): void;
}

function parseJson(text: string | null): Fields | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/** The storage that all tabs read or, where there is none or it fails, this tab's memory. */
export function createSharedStorage(parts: Parts): SharedStorage {
  const { storage } = parts.platform;
  const own = new Map<string, string | null>();
  let isShared = storage !== undefined;

  function failed(): void {
    isShared = false;
    parts.warn(
      "The shared storage cannot be used: tabs tell each other less, and a sign-out that fails is not remembered.",
    );
  }

  return {
    isShared: () => isShared,
    read(key) {
      try {
        if (storage !== undefined && isShared) return parseJson(storage.read(key));
      } catch {
        failed();
      }
      return parseJson(own.get(key) ?? null);
    },
    write(key, value) {
      const text = value === null ? null : JSON.stringify(value);
      own.set(key, text);
      try {
        if (isShared) storage?.write(key, text);
      } catch {
        failed();
      }
    },
  };
}
