import type { EndpointCaller } from "./endpointCaller.ts";
import type { TokenBackendOptions } from "./tokenBackendOptions.ts";

/** Where the calls go that begin, renew or end a session: whatever the credentials are, the places are the same. */
export function describedEndpoints<Credentials>(
  options: TokenBackendOptions<Credentials>,
  addressOf: EndpointCaller["addressOf"],
): string[] {
  const empty = new Proxy({}, { get: () => "" });
  const calls = [
    () => options.signIn(empty as Credentials),
    () => options.continueSignIn?.(empty, empty),
    () => options.refresh?.(null),
    () => options.signOut?.({ refreshToken: null, accessToken: null }),
    () => options.register?.({ email: "", password: "" }),
    () => options.guest?.(),
  ];
  return calls.flatMap((make) => {
    try {
      const call = make();
      return call === undefined ? [] : [addressOf({ path: call.path })];
    } catch {
      // One that takes its credentials apart: it is known once it has been called.
      return [];
    }
  });
}
