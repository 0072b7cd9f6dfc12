import { AuthError } from "../core/authError.ts";

/** @throws AuthError `invalidOptions`, for what is no positive number of milliseconds. */
export function checkSpan(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return;
  throw new AuthError("invalidOptions", `\`${name}\` must be a positive number of milliseconds.`);
}
