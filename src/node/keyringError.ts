import { describeFailure } from "../core/responses.ts";
import { SessionFileError } from "./sessionFileError.ts";

const IN_A_FILE =
  "To keep the session in a private file, ask for no keyring (--keyring, --bind-session keyring, and the variables for them).";

const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/dismissed|locked/i, "is locked. Unlock it, then try again"],
  [
    /dbus|zbus|connect/i,
    "does not answer: no secret service runs in this login session. Start one (GNOME Keyring, KWallet; without a desktop: " +
      "dbus-run-session with gnome-keyring-daemon --unlock)",
  ],
  [/no result found/i, "has no default keyring to write to. Make one by unlocking it once"],
  [/too long|length/i, "takes no entry of this size"],
];

/** The binding's failure in our own words, since its own may name what stands in the keyring. */
export function toKeyringError(entry: string, error: unknown): SessionFileError {
  const text = error instanceof Error ? error.message : "";
  const sentence =
    SENTENCES.find(([pattern]) => pattern.test(text))?.[1] ?? "refuses the entry. See what it says in its own program";
  const message = `The system's keyring ${sentence}. Nothing was changed in it. ${IN_A_FILE}`;
  return new SessionFileError("keyringUnavailable", entry, message, describeFailure(error));
}

/** That the optional package is not there, or not for this system. */
export function missingBindingError(entry: string, error: unknown): SessionFileError {
  const message =
    "The keyring was asked for, but the package @napi-rs/keyring cannot be loaded. Install it where stay-signed-in is " +
    `installed: npm install @napi-rs/keyring. ${IN_A_FILE}`;
  return new SessionFileError("keyringUnavailable", entry, message, describeFailure(error));
}
