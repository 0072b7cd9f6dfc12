import type { Identity } from "../core/authState.ts";
import type { Clock } from "../core/ports.ts";
import type { NodeAuthClient } from "./createNodeAuthClient.ts";
import { type DevicePrompt, runDeviceGrant } from "./deviceGrant.ts";
import { createNodeClock } from "./nodeClock.ts";

/** How the person at the machine is told, and may give up. */
export interface SignInWithDeviceOptions {
  /** Shows the code and the address: always, since a browser that was opened may be on another screen, or none. */
  onPrompt: (prompt: DevicePrompt) => void;
  /** Opens the page for the user, for example the package `open`. Its failure ends nothing. Default: false, opens none. */
  openBrowser?: ((address: string) => Promise<unknown>) | false | undefined;
  /** Gives the sign-in up: Ctrl-C. Default: none, until the code runs out. */
  signal?: AbortSignal | undefined;
  /** What the server knows this program as. Default "stay-signed-in". */
  clientId?: string | undefined;
  /** For tests. Default: the process's own. */
  clock?: Clock | undefined;
}

/**
 * Signs in on a machine without a browser: shows a code, waits until somebody has approved it on a page elsewhere, and keeps
 * the session in the client's session file. Polls no faster than the server allows. RFC 8628.
 *
 * @throws AuthError `credentialsRejected` when it was denied or ran out, `aborted`, `rateLimited`, `unavailable`,
 *   `badResponse`, `invalidOptions` (this server has no such sign-in); SessionFileError.
 *
 * @example
 * await signInWithDevice(auth, {
 *   onPrompt: ({ userCode, verificationUri }) => console.error(`Open ${verificationUri} and approve ${userCode}`),
 *   openBrowser: open,
 * });
 */
export function signInWithDevice(auth: NodeAuthClient, options: SignInWithDeviceOptions): Promise<Identity> {
  const { onPrompt, openBrowser = false, clientId = "stay-signed-in", clock = createNodeClock() } = options;
  const { signal = new AbortController().signal } = options;
  return auth.signInWithAnswer((fetch) =>
    runDeviceGrant({ address: auth.baseUrl, clientId, fetch, clock, signal }, (prompt) => {
      onPrompt(prompt);
      if (openBrowser === false) return;
      // The address is on the screen already.
      openBrowser(prompt.verificationUriComplete ?? prompt.verificationUri).catch(() => undefined);
    }),
  );
}
