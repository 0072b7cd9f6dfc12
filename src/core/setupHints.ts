import type { RefreshOutcome } from "./backend.ts";
import type { Parts } from "./parts.ts";
import type { Session } from "./session.ts";

/** Recognizes what keeps an app from working at all, and tells its developer once, with the remedy. */
export interface SetupHints {
  hasSucceeded(): boolean;
  succeeded(): void;
  failed(error: Error): void;
  ended(outcome: Extract<RefreshOutcome, { kind: "absent" | "ended" }>, session: Session | null): void;
}

export function createSetupHints({ options, warn }: Parts): SetupHints {
  let hasSucceeded = false;
  let failures = 0;
  return {
    hasSucceeded: () => hasSucceeded,
    succeeded() {
      hasSucceeded = true;
    },
    failed(error) {
      failures += 1;
      if (hasSucceeded || failures !== 2) return;
      warn(
        `Nobody can be signed in yet: the refresh at ${options.baseUrl} has failed twice. ${error.message} ` +
          "Check that the server runs, that `baseUrl` is its address, and that no proxy answers in its place.",
      );
    },
    ended(outcome, session) {
      if (outcome.kind === "absent") {
        warn(
          `There is no refresh endpoint at ${options.baseUrl}: a session lasts until its access token ends. ` +
            "If there should be one, check `baseUrl` and `paths`.",
        );
      } else if (!hasSucceeded && outcome.reason === "none" && session?.token?.count === 1) {
        warn(
          "The first refresh after a sign-in came without the refresh cookie: the browser never kept it. Serve page and API from " +
            "one site, let no proxy drop `Set-Cookie`, and use https (or localhost).",
        );
      }
    },
  };
}
