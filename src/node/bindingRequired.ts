import { AuthError } from "../core/authError.ts";

/** What a server answers that binds every session, to a sign-in that proves no key. */
export const BINDING_REQUIRED = "SESSION_BINDING_REQUIRED";

/** In words of a program, since the server's own speak of browsers. */
export function bindingRequired(status: number | undefined): AuthError {
  return new AuthError(
    "invalidOptions",
    "This server binds every session to a key. Sign in with: stay-signed-in login --bind-session (in a program: bindSession: true).",
    { status, serverCode: BINDING_REQUIRED },
  );
}
