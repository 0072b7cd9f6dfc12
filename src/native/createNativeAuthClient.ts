import { createBrowserClock } from "../browser/browserClock.ts";
import { createSharedStorage } from "../browser/sharedStorage.ts";
import { createSignals } from "../browser/signals.ts";
import { createOpenTabChannel } from "../browser/tabChannel.ts";
import { createTabLock } from "../browser/tabLock.ts";
import { createWarnOnce } from "../browser/warnOnce.ts";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";
import { type AuthClientOptions, createAuthClient } from "../core/createAuthClient.ts";
import { createHttpBackend } from "../core/createHttpBackend.ts";
import type { Platform } from "../core/ports.ts";
import { type AppStateSource, createAppStateSignals } from "./appStateSignals.ts";
import { createVaultBackend } from "./createVaultBackend.ts";
import { createSessionVault, type SecureStorage } from "./sessionVault.ts";

/** The server, and where the app keeps its session. */
export interface NativeAuthClientOptions extends Omit<AuthClientOptions, "backend" | "baseUrl"> {
  /** The auth endpoints, absolute: `https://api.example/v1/auth`. */
  readonly baseUrl: string;
  /** Where the refresh token lies: the app's own secure storage. Nothing of it goes anywhere else. */
  readonly storage: SecureStorage;
  /** The name under which it lies there. Default: `stay-signed-in.` and the address, in letters, digits, `.`, `-`, `_`. */
  readonly storageKey?: string | undefined;
  /** `AppState` of React Native. Default: what a web page hears of itself, as in Capacitor, Tauri and Electron. */
  readonly appState?: AppStateSource | undefined;
  /** Ports to use instead, such as `signals` of your own. Default: what the runtime has. */
  readonly platform?: Partial<Platform> | undefined;
  /**
   * Sends tokens over plain http to another machine, where everybody on the way can read them. Default: false.
   * @deprecated Dangerous: for an emulator or a closed test network only. http://localhost works without it.
   */
  readonly dangerouslyAllowHttp?: boolean | undefined;
}

const RULES: OptionRules<NativeAuthClientOptions> = {
  baseUrl: true,
  storage: true,
  storageKey: true,
  appState: true,
  platform: true,
  dangerouslyAllowHttp: true,
  // What they must be, the client itself says.
  paths: true,
  guests: true,
  onSessionEnd: true,
  refreshAheadMs: true,
  requestTimeoutMs: true,
  refreshWhileHidden: true,
  shareTokens: true,
  namespace: true,
};

/**
 * The client of an app that is no website: same core, same promises, with the refresh token in the app's own secure storage and
 * sent in the body of a refresh (no cookie). Makes nothing until it is started. Scripts of the app can read that token, which
 * those of a website cannot: docs/security.md says what is lost.
 *
 * A web view's server names the app's origin (`nativeOrigins`); React Native sends none and needs nothing there.
 *
 * @throws AuthError `invalidOptions`.
 * @example
 * import * as SecureStore from "expo-secure-store";
 * import { AppState } from "react-native";
 *
 * export const auth = createNativeAuthClient({
 *   baseUrl: "https://api.example/v1/auth",
 *   storage: { get: SecureStore.getItemAsync, set: SecureStore.setItemAsync, remove: SecureStore.deleteItemAsync },
 *   appState: AppState,
 * });
 */
export function createNativeAuthClient(options: NativeAuthClientOptions): AuthClient {
  checkOptions(options, RULES, "`createNativeAuthClient`");
  const {
    storage,
    storageKey,
    appState,
    platform: overrides,
    dangerouslyAllowHttp = false,
    paths,
    ...others
  } = options;
  const baseUrl = checkAddress(options.baseUrl, dangerouslyAllowHttp);
  for (const method of ["get", "set", "remove"] as const) {
    if (typeof storage?.[method] !== "function") {
      throw new AuthError(
        "invalidOptions",
        `\`storage\` needs the functions get, set and remove; \`${method}\` is missing.`,
      );
    }
  }
  const platform = { ...createNativePlatform(appState), ...overrides };
  const key = storageKey ?? `stay-signed-in.${baseUrl.replace(/^https?:\/\//, "").replaceAll(/[^\w.-]/g, "_")}`;
  const vault = createSessionVault(storage, key);
  const inner = createHttpBackend({ baseUrl, paths, now: () => platform.clock.now() });
  const backend = createVaultBackend({ inner, vault, now: () => platform.clock.now() });
  const client = createAuthClient({ ...others, baseUrl, platform, backend });
  return {
    ...client,
    async signOut(signOutOptions) {
      try {
        await client.signOut(signOutOptions);
      } catch (error) {
        // Without a shared storage the core cannot remember what the server has yet to hear; the vault does.
        const isOwed = isAuthError(error, "unavailable") && (await vault.read()).session === null;
        if (!isOwed || signOutOptions?.everywhere === true) throw error;
      }
    },
  };
}

/** What the runtime has: React Native has neither lock nor channel, and needs none, since nothing runs beside it. */
function createNativePlatform(appState: AppStateSource | undefined): Platform {
  return {
    clock: createBrowserClock(),
    fetch: (input, init) => globalThis.fetch(input, init),
    random: Math.random,
    signals: appState === undefined ? createSignals() : createAppStateSignals(appState),
    lock: createTabLock(),
    openChannel: createOpenTabChannel(),
    // One that lasts no longer than the app would say that nobody was ever signed in.
    storage: typeof localStorage === "undefined" ? undefined : createSharedStorage(),
    warn: createWarnOnce(),
  };
}

/** By its text: the parts of a URL throw in React Native. */
function checkAddress(baseUrl: string, dangerouslyAllowHttp: boolean): string {
  const [, scheme, host = ""] = /^(https?):\/\/([^/?#@\\\s]+)(?:\/[^?#\s]*)?$/i.exec(baseUrl ?? "") ?? [];
  if (scheme === undefined) {
    throw new AuthError(
      "invalidOptions",
      "`baseUrl` is absolute here, without user, query or fragment, such as https://api.example/v1/auth.",
    );
  }
  const isLocal = /^(localhost|\[::1\]|127(\.\d{1,3}){3})(:\d+)?$/i.test(host);
  if (scheme.toLowerCase() === "http" && !isLocal && !dangerouslyAllowHttp) {
    throw new AuthError(
      "invalidOptions",
      "`baseUrl` is plain http on another machine: everybody on the way could read the tokens. Use https, or `dangerouslyAllowHttp` for an emulator.",
    );
  }
  return baseUrl.replace(/\/+$/, "");
}
