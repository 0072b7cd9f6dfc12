import { AuthError } from "../core/authError.ts";
import type { Clock } from "../core/ports.ts";
import { describeFailure, readErrorDetail, readFields, readRetryAfterMs } from "../core/responses.ts";
import { BINDING_REQUIRED, bindingRequired } from "./bindingRequired.ts";

/** What to show to the person who signs in. RFC 8628 §3.2. */
export interface DevicePrompt {
  /** To be compared with, or typed into, the page at `verificationUri`. */
  readonly userCode: string;
  /** The page to open on any device. */
  readonly verificationUri: string;
  /** The same page with the code filled in, where the server has one. */
  readonly verificationUriComplete: string | null;
  /** Wall-clock milliseconds after which the code is worth nothing. */
  readonly expiresAt: number;
}

export interface DeviceGrantOptions {
  address: string;
  clientId: string;
  fetch: typeof globalThis.fetch;
  clock: Clock;
  signal: AbortSignal;
}

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const SLOW_DOWN_MS = 5_000;
const LONGEST_INTERVAL_MS = 60_000;
const REQUEST_TIMEOUT_MS = 10_000;
// A page, and nothing that a terminal or an opener would act on.
const isShowable = (text: string): boolean => /^[\x20-\x7e]{1,500}$/.test(text);
const isPage = (text: string): boolean =>
  isShowable(text) && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const aborted = (): AuthError => new AuthError("aborted", "The sign-in was given up before it was approved.");

/**
 * The device authorization grant, RFC 8628: asks for a code, hands it to `onPrompt`, then polls at the server's pace until
 * somebody has approved it. Returns the token answer, unread.
 *
 * @throws AuthError `credentialsRejected` when it was denied or ran out (`serverCode` tells which), `aborted`, `rateLimited`,
 *   `unavailable`, `badResponse`; `invalidOptions` when this server has no such sign-in.
 */
export async function runDeviceGrant(
  options: DeviceGrantOptions,
  onPrompt: (prompt: DevicePrompt) => void,
): Promise<Response> {
  const { address, clientId, fetch, clock, signal } = options;

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      const stop = (): void => {
        cancel();
        reject(aborted());
      };
      const cancel = clock.setTimer(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, delayMs);
      signal.addEventListener("abort", stop, { once: true });
    });

  async function post(path: string, fields: Record<string, string>): Promise<Response> {
    if (signal.aborted) throw aborted();
    const limit = new AbortController();
    const cancel = clock.setTimer(() => limit.abort(), REQUEST_TIMEOUT_MS);
    try {
      return await fetch(`${address}${path}`, {
        method: "POST",
        headers: { "Auth-Transport": "body", Accept: "application/json" },
        body: new URLSearchParams(fields),
        redirect: "error",
        signal: AbortSignal.any([signal, limit.signal]),
      });
    } catch (error) {
      if (signal.aborted) throw aborted();
      if (error instanceof AuthError) throw error;
      throw new AuthError(
        "unavailable",
        "The server was not reached. Check the address and the network, then try again.",
        {
          cause: describeFailure(error),
        },
      );
    } finally {
      cancel();
    }
  }

  async function requestCode(): Promise<{ prompt: DevicePrompt; deviceCode: string; intervalMs: number }> {
    const response = await post("/device/code", { client_id: clientId });
    const { status } = response;
    const body = await readFields(response);
    if (status === 404 || status === 405 || status === 501 || (status === 200 && body === null)) {
      throw new AuthError("invalidOptions", "This server offers no sign-in by device code. Sign in with a user name.", {
        status,
      });
    }
    if (status === 429) {
      const retryAfterMs = readRetryAfterMs(response, clock.now()) ?? undefined;
      throw new AuthError("rateLimited", "Too many device codes were asked for. Wait, then try again.", {
        status,
        retryAfterMs,
      });
    }
    if (!response.ok)
      throw new AuthError("unavailable", `The server gave no device code (status ${status}).`, { status });
    const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = body ?? {};
    if (
      typeof device_code !== "string" ||
      typeof user_code !== "string" ||
      typeof verification_uri !== "string" ||
      !isShowable(user_code) ||
      !isPage(verification_uri)
    ) {
      throw new AuthError("badResponse", "The server's answer holds no device code that can be shown.", { status });
    }
    const complete =
      typeof verification_uri_complete === "string" && isPage(verification_uri_complete)
        ? verification_uri_complete
        : null;
    const lifetimeMs = (typeof expires_in === "number" && expires_in > 0 ? expires_in : 600) * 1_000;
    const prompt: DevicePrompt = {
      userCode: user_code,
      verificationUri: verification_uri,
      verificationUriComplete: complete,
      expiresAt: clock.now() + lifetimeMs,
    };
    const intervalMs = (typeof interval === "number" && interval > 0 ? interval : 5) * 1_000;
    return { prompt, deviceCode: device_code, intervalMs };
  }

  const { prompt, deviceCode, intervalMs: firstIntervalMs } = await requestCode();
  onPrompt(prompt);
  let intervalMs = firstIntervalMs;
  let failures = 0;
  for (;;) {
    await pause(Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, LONGEST_INTERVAL_MS)));
    let response: Response;
    try {
      response = await post("/device/token", {
        grant_type: DEVICE_GRANT,
        device_code: deviceCode,
        client_id: clientId,
      });
    } catch (error) {
      // §3.5 asks for growing pauses when the server is not reached; the code stays good meanwhile.
      if (!(error instanceof AuthError) || error.code !== "unavailable" || clock.now() >= prompt.expiresAt) throw error;
      failures += 1;
      continue;
    }
    if (response.ok) return response;
    const { status } = response;
    const body = await readFields(response);
    if (readErrorDetail(body).code === BINDING_REQUIRED) throw bindingRequired(status);
    const serverCode = body?.["error"];
    if (serverCode === "access_denied") {
      throw new AuthError("credentialsRejected", "The sign-in was denied on the page.", { status, serverCode });
    }
    if (serverCode === "expired_token" || serverCode === "invalid_grant") {
      throw new AuthError("credentialsRejected", "The code ran out before it was approved. Sign in anew.", {
        status,
        serverCode,
      });
    }
    if (clock.now() >= prompt.expiresAt) {
      throw new AuthError("credentialsRejected", "The code ran out before it was approved. Sign in anew.", {
        status,
        serverCode: "expired_token",
      });
    }
    failures = serverCode === "authorization_pending" || serverCode === "slow_down" ? 0 : failures + 1;
    if (serverCode === "slow_down") intervalMs += SLOW_DOWN_MS;
    else if (status === 429) intervalMs = Math.max(intervalMs, readRetryAfterMs(response, clock.now()) ?? SLOW_DOWN_MS);
    else if (serverCode !== "authorization_pending" && status < 500) {
      throw new AuthError("badResponse", `The server answered a device sign-in with status ${status}.`, { status });
    }
  }
}
