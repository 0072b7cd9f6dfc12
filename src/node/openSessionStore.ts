import { AuthError } from "../core/authError.ts";
import { createSessionFile } from "./sessionFile.ts";
import { type SessionFilePlace, findOwnFile, findSessionFile } from "./sessionFilePath.ts";
import { createSessionKeyring } from "./sessionKeyring.ts";
import type { SessionStore } from "./sessionStore.ts";

export interface SessionStoreChoice {
  /** Default: `STAY_SIGNED_IN_SESSION_FILE`, else `sessions.json` in the platform's folder for configuration. */
  sessionFile?: string | undefined;
  /** The system's keyring in the place of the file. Default: `STAY_SIGNED_IN_KEYRING`, else false. */
  keyring?: boolean | undefined;
}

/** A store, and the place of the lock files and notes that belong to it. */
export interface OpenedSessionStore {
  readonly isInKeyring: boolean;
  readonly store: SessionStore;
  readonly place: SessionFilePlace;
}

const conflict = (file: string, keyring: string): AuthError =>
  new AuthError("invalidOptions", `Both ${file} and ${keyring} are given. A session lies in one place: leave one out.`);

function readSwitch(text: string | undefined): boolean {
  if (text === undefined || text === "" || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw new AuthError("invalidOptions", "STAY_SIGNED_IN_KEYRING must be 1 or 0.");
}

/**
 * The file or the keyring, by the options, else by the environment. Opens nothing yet.
 *
 * @throws AuthError `invalidOptions` when both are asked for in one breath.
 */
export function openSessionStore(
  { sessionFile, keyring }: SessionStoreChoice,
  environment: Readonly<Record<string, string | undefined>>,
): OpenedSessionStore {
  if (sessionFile && keyring)
    throw conflict("a session file (sessionFile, --session-file)", "the keyring (keyring, --keyring)");
  const isOpen = !sessionFile && keyring === undefined;
  const isInKeyring = keyring ?? (isOpen && readSwitch(environment["STAY_SIGNED_IN_KEYRING"]));
  if (isOpen && isInKeyring && environment["STAY_SIGNED_IN_SESSION_FILE"]) {
    throw conflict("STAY_SIGNED_IN_SESSION_FILE", "STAY_SIGNED_IN_KEYRING");
  }
  if (isInKeyring) {
    const place = findOwnFile("keyring", environment);
    return { isInKeyring, place, store: createSessionKeyring(place) };
  }
  const place = findSessionFile(sessionFile, environment);
  return { isInKeyring, place, store: createSessionFile(place) };
}
