import { AuthError } from "./authError.ts";
import type { Backend } from "./backend.ts";

/** What whoever asks for a function that the backend leaves out is told. */
export const backendGap = (name: keyof Backend): AuthError =>
  new AuthError("invalidOptions", `This client's \`backend\` has no \`${name}\`: add it, or do not ask for it.`);
