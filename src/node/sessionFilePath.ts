import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import envPaths from "env-paths";

const FILE_NAME = "sessions.json";

/** Where the session file lies, and whether its folder is for it alone. */
export interface SessionFilePlace {
  readonly path: string;
  readonly ownFolder: boolean;
}

/**
 * A file in a folder of its own in the platform's configuration folder (`$XDG_CONFIG_HOME`, `~/.config`,
 * `~/Library/Preferences`, `%APPDATA%`).
 */
export function findSessionFolder(fileName: string): SessionFilePlace {
  const folder = envPaths("stay-signed-in", { suffix: "" }).config;
  // The specification of these folders has a relative `$XDG_CONFIG_HOME` ignored.
  if (!isAbsolute(folder)) return { path: join(homedir(), ".config", "stay-signed-in", fileName), ownFolder: true };
  return { path: join(folder, fileName), ownFolder: true };
}

/** The named file; else the one named by `STAY_SIGNED_IN_SESSION_FILE`; else `sessions.json` where {@link findSessionFolder} says. */
export function findSessionFile(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): SessionFilePlace {
  const path = named || environment["STAY_SIGNED_IN_SESSION_FILE"];
  return path ? { path: resolve(path), ownFolder: false } : findSessionFolder(FILE_NAME);
}
