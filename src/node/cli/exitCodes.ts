import { type AuthErrorCode, isAuthError } from "../../core/authError.ts";
import { findSessionFileError } from "../sessionFileError.ts";

/** What the command line tells its caller; stable, and documented in docs/node-and-cli.md. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  signInNeeded: 3,
  unavailable: 4,
  sessionFile: 5,
  refused: 6,
  interrupted: 130,
} as const;

const OF_AUTH_ERRORS: Readonly<Partial<Record<AuthErrorCode, number>>> = {
  sessionEnded: exitCodes.signInNeeded,
  identityChanged: exitCodes.signInNeeded,
  unavailable: exitCodes.unavailable,
  badResponse: exitCodes.unavailable,
  originNotAllowed: exitCodes.unavailable,
  credentialsRejected: exitCodes.refused,
  challengeExpired: exitCodes.refused,
  registrationRejected: exitCodes.refused,
  rateLimited: exitCodes.refused,
  guestsDisabled: exitCodes.refused,
  sessionExists: exitCodes.refused,
  superseded: exitCodes.refused,
  invalidInput: exitCodes.usage,
  invalidOptions: exitCodes.usage,
  aborted: exitCodes.interrupted,
};

/** A misuse of the command line: its message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The exit code that tells of `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (findSessionFileError(error) !== null) return exitCodes.sessionFile;
  return (isAuthError(error) ? OF_AUTH_ERRORS[error.code] : undefined) ?? exitCodes.unexpected;
}
