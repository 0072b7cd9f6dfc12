import type { Person } from "./people.ts";

/** A signal that aborts with the caller's own or when `person` leaves, whichever comes first. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Lets go of both, now or, while `body` may still be read, once nobody can read it any more. */
  release(body?: object | null): void;
}

// Not AbortSignal.any: Node 20 and 22 keep each of its signals for as long as the longest-lived of their sources.
export function joinSignals(own: AbortSignal, person: Person): JoinedSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(own.reason);
  const forget = person.onLeave((reason) => controller.abort(reason));
  if (own.aborted) abort();
  own.addEventListener("abort", abort);
  const release = (): void => {
    forget();
    own.removeEventListener("abort", abort);
  };
  return {
    signal: controller.signal,
    release: (body) => (body ? person.whenUnreachable(body, release) : release()),
  };
}
