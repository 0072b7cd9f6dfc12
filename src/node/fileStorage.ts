import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, unlinkSync, watch, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { SharedStorage } from "../core/ports.ts";
import { createProcessMark } from "./processMark.ts";
import { readSystemErrorCode } from "./systemError.ts";

// The session file meets the same refusal, and says what is wrong and what to do.
const REFUSALS = ["EROFS", "EACCES", "EPERM", "ENOSPC", "EDQUOT"];

function ignoreMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (readSystemErrorCode(error) !== "ENOENT") throw error;
  }
}

function replace(path: string, value: string | null): void {
  if (value === null) return ignoreMissing(() => unlinkSync(path));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporaryPath = `${path}.${createProcessMark().text}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporaryPath, value, { flag: "wx", mode: 0o600 });
    renameSync(temporaryPath, path);
  } catch (error) {
    ignoreMissing(() => unlinkSync(temporaryPath));
    throw error;
  }
}

/**
 * The note between processes: one small file a key (`pathOf`), replaced in one step and watched. It holds no token. Lost in a
 * power cut it costs a request, so nothing is flushed to the disk.
 */
export function createFileStorage(pathOf: (key: string) => string): SharedStorage {
  return {
    read(key) {
      try {
        return readFileSync(pathOf(key), "utf8");
      } catch (error) {
        if (readSystemErrorCode(error) === "ENOENT") return null;
        throw error;
      }
    },

    write(key, value) {
      try {
        replace(pathOf(key), value);
      } catch (error) {
        if (!REFUSALS.includes(readSystemErrorCode(error) ?? "")) throw error;
      }
    },

    onChange(key, listener) {
      const path = pathOf(key);
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        // The folder, since the file is another one after each write.
        const watcher = watch(dirname(path), { persistent: false }, (_kind, name) => {
          if (name === null || name === basename(path)) listener();
        });
        const close = (): void => watcher.close();
        watcher.on("error", close);
        return close;
      } catch {
        // A system that has no watcher to give (a limit, a network folder): the note is read at the next refresh instead.
        return () => undefined;
      }
    },
  };
}
