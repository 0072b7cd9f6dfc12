import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

const FILE_NAME = "sessions.json";

/** Where the session file lies, and whether its folder is for it alone. */
export interface SessionFilePlace {
  readonly path: string;
  readonly ownFolder: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

// The XDG Base Directory Specification has a relative path ignored.
const orElse = (named: string | undefined, usual: string): string => (named && isAbsolute(named) ? named : usual);

function findConfigurationFolder(environment: Environment): string {
  const home = homedir();
  switch (process.platform) {
    case "darwin":
      return join(home, "Library", "Preferences", "stay-signed-in");
    case "win32":
      return join(orElse(environment["APPDATA"], join(home, "AppData", "Roaming")), "stay-signed-in", "Config");
    default:
      return join(orElse(environment["XDG_CONFIG_HOME"], join(home, ".config")), "stay-signed-in");
  }
}

/**
 * A file in a folder of its own in the platform's configuration folder (`$XDG_CONFIG_HOME`, `~/.config`,
 * `~/Library/Preferences`, `%APPDATA%`).
 */
export function findOwnFile(fileName: string, environment: Environment): SessionFilePlace {
  return { path: join(findConfigurationFolder(environment), fileName), ownFolder: true };
}

/** The named file; else the one named by `STAY_SIGNED_IN_SESSION_FILE`; else `sessions.json` where {@link findOwnFile} says. */
export function findSessionFile(named: string | undefined, environment: Environment): SessionFilePlace {
  const path = named || environment["STAY_SIGNED_IN_SESSION_FILE"];
  return path ? { path: resolve(path), ownFolder: false } : findOwnFile(FILE_NAME, environment);
}
