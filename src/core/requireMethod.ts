import { AuthError } from "./authError.ts";
import type { Backend } from "./backend.ts";

type MethodName = Exclude<keyof Backend, "address" | "sessionEndpoints" | "tokens" | "start">;

/** A function of the backend that may be left out. @throws AuthError `invalidOptions`, for whoever asks for it all the same. */
export function requireMethod<N extends MethodName>(backend: Backend, name: N): NonNullable<Backend[N]> {
  const method = backend[name];
  if (method === undefined) {
    throw new AuthError("invalidOptions", `This client's \`backend\` has no \`${name}\`.`);
  }
  return method.bind(backend) as NonNullable<Backend[N]>;
}
