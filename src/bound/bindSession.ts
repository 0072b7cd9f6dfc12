import type { Backend, BackendCall } from "../core/backend.ts";
import { createProver } from "./createProver.ts";
import { indexedDbKey, type LoadSessionKey } from "./sessionKey.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";

/** Where the key lies. */
export interface BindSessionOptions {
  /** The IndexedDB database of the key. Default: `stay-signed-in`. */
  readonly database?: string | undefined;
  /** The key from elsewhere: outside of browsers, and for tests. Default: from IndexedDB. */
  readonly loadKey?: LoadSessionKey | undefined;
}

/** What begins a session, or renews it. */
const BINDING = [
  "signIn",
  "signInBy",
  "continueSignIn",
  "register",
  "signInAsGuest",
  "refresh",
  "changePassword",
] as const;

const RULES: OptionRules<BindSessionOptions> = { database: true, loadKey: true };

/**
 * Binds sessions to a key of this browser that scripts can use and nobody can copy (RFC 9449, DPoP): a sign-in names it,
 * each refresh proves it. A copied cookie alone is then worth nothing. The server decides by `sessionBinding`; where the
 * page may keep no key (IndexedDB blocked, plain http) requests go without proof, which a server with `required` refuses
 * with `serverCode: "SESSION_BINDING_REQUIRED"`.
 *
 * One key a browser profile and origin, shared by all tabs. Costs one request more when the server asks for a fresh nonce.
 *
 * @example
 * const auth = createAuthClient({ backend: bindSession(createHttpBackend({ baseUrl: "/v1/auth" })) });
 */
export function bindSession<B extends Backend>(backend: B, options: BindSessionOptions = {}): B {
  checkOptions(options, RULES, "`bindSession`");
  const loadKey = options.loadKey ?? indexedDbKey(options.database ?? "stay-signed-in");
  const prove = createProver();

  const byItself: Pick<Backend, "signInBy"> = { signInBy: (way, call) => way(call) };
  const bound = { ...byItself, ...backend } as Record<string, unknown>;
  for (const name of BINDING) {
    const method = bound[name];
    if (typeof method !== "function") continue;
    bound[name] = (...given: unknown[]) => {
      const call = given.at(-1) as BackendCall;
      return method.call(backend, ...given.slice(0, -1), { ...call, fetch: prove(call.fetch, loadKey) }) as unknown;
    };
  }
  return bound as B;
}
