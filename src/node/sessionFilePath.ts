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
 * The named file; else the one named by `STAY_SIGNED_IN_SESSION_FILE`; else `sessions.json` in a folder of its own in the
 * platform's configuration folder (`$XDG_CONFIG_HOME`, `~/.config`, `~/Library/Preferences`, `%APPDATA%`).
 */
export function findSessionFile(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): SessionFilePlace {
  const path = named || environment["STAY_SIGNED_IN_SESSION_FILE"];
  if (path) return { path: resolve(path), ownFolder: false };
  const folder = envPaths("stay-signed-in", { suffix: "" }).config;
  // The specification of these folders has a relative `$XDG_CONFIG_HOME` ignored.
  if (!isAbsolute(folder)) return { path: join(homedir(), ".config", "stay-signed-in", FILE_NAME), ownFolder: true };
  return { path: join(folder, FILE_NAME), ownFolder: true };
}
