import type { AuthClient, Readable, WatchedRequest } from "../core/authClient.ts";
import { createReadable } from "../core/readable.ts";
import { nameError } from "./nameError.ts";

/** What a request went through on its way: `held` waits for a sign-in, `waited` for a token. */
export type RequestStep = "waited" | "held" | "renewed" | "resent";

export interface RequestEntry {
  readonly key: number;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Without query and fragment, which may hold secrets. */
  readonly path: string;
  readonly steps: readonly RequestStep[];
  /** A status, the name of an error, or null while it is under way. */
  readonly outcome: number | string | null;
  readonly durationMs: number | null;
}

/** One request that is being followed. */
export interface FollowedRequest {
  noteSend(): void;
  followWait<T>(waiting: Promise<T>): Promise<T>;
  followSend<T extends { readonly status: number | undefined }>(sending: Promise<T>): Promise<T>;
}

/** The app's own requests, newest first. */
export interface RequestLog extends Readable<readonly RequestEntry[]> {
  begin(request: WatchedRequest): FollowedRequest;
  clear(): void;
}

const kept = 50;

export function createRequestLog(client: AuthClient): RequestLog {
  const { clock, origin } = client.internals.platform;
  const entries = createReadable<readonly RequestEntry[]>([], (error) => console.error(error));
  let nextKey = 0;

  function change(key: number, next: (entry: RequestEntry) => Partial<RequestEntry>): void {
    const change = (entry: RequestEntry): RequestEntry => (entry.key === key ? { ...entry, ...next(entry) } : entry);
    entries.assign(entries.getState().map(change))();
  }

  function begin({ method, address }: WatchedRequest): FollowedRequest {
    const key = nextKey++;
    const at = clock.now();
    let sends = 0;
    const entry: RequestEntry = {
      key,
      at,
      method: method.toUpperCase(),
      path: readPath(address, origin),
      steps: [],
      outcome: null,
      durationMs: null,
    };
    entries.assign([entry, ...entries.getState()].slice(0, kept))();

    const noteStep = (step: RequestStep): void => change(key, ({ steps }) => ({ steps: [...steps, step] }));
    const settle = (outcome: RequestEntry["outcome"]): void =>
      change(key, () => ({ outcome, durationMs: clock.now() - at }));
    const settleBy = (error: unknown): never => {
      settle(error instanceof Error ? nameError(error) : "failed");
      throw error;
    };

    return {
      noteSend() {
        sends += 1;
        if (sends > 1) noteStep("resent");
      },
      followWait(waiting) {
        if (sends > 0) {
          return waiting.then((token) => {
            noteStep("renewed");
            return token;
          });
        }
        noteStep(client.getState().status === "unauthenticated" && client.onSessionEnd === "hold" ? "held" : "waited");
        return waiting.catch(settleBy);
      },
      followSend: (sending) =>
        sending.then((answer) => {
          settle(answer.status ?? nameFailure(answer));
          return answer;
        }, settleBy),
    };
  }

  return {
    getState: entries.getState,
    subscribe: entries.subscribe,
    begin,
    clear: () => entries.assign([])(),
  };
}

/** With axios what failed is handed on, not thrown. */
function nameFailure(outcome: object): string {
  return "error" in outcome && outcome.error instanceof Error ? nameError(outcome.error) : "no answer";
}

function readPath(address: string, origin: string | undefined): string {
  try {
    const url = new URL(address, origin ?? "http://localhost");
    return url.origin === (origin ?? "http://localhost") ? url.pathname : `${url.host}${url.pathname}`;
  } catch {
    return "an address that cannot be read";
  }
}
