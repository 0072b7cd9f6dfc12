import type { AuthClient, Readable } from "../core/authClient.ts";
import { checkOptions } from "../core/checkOptions.ts";
import { createReadable } from "../core/readable.ts";
import { rethrowLater } from "../core/rethrowLater.ts";
import { createAlarm } from "./alarm.ts";
import { checkSpan } from "./checkSpan.ts";

const SLACK_MS = 2_000;

/** How long before. */
export interface ForeseeOptions {
  /** How long before the end it is told, in milliseconds. Default: 120 000. */
  readonly leadMs?: number | undefined;
}

/** The end that is near: wall-clock milliseconds, or null while none is. */
export interface ForeseenEnd extends Readable<number | null> {
  /** Looks no more. Idempotent. */
  stop(): void;
}

/**
 * Tells of the end of a session before it comes, by the event `sessionEnding` and as a value to be shown, so that people can
 * stay (WCAG 2.2.1): `auth.extend()` renews the session, in all tabs. Once for each end; null again when the end has moved.
 * Knows what `auth.sessionEndsAt` knows: nothing where the server says nothing.
 *
 * @throws AuthError `invalidOptions`.
 *
 * @example
 * const ending = foreseeSessionEnd(auth);
 * function StayDialog() {
 *   const endsAt = useSyncExternalStore(ending.subscribe, ending.getState, () => null);
 *   return endsAt === null ? null : <button onClick={() => auth.extend()}>Stay signed in</button>;
 * }
 */
export function foreseeSessionEnd(auth: AuthClient, options: ForeseeOptions = {}): ForeseenEnd {
  checkOptions<ForeseeOptions>(options, { leadMs: true }, "`foreseeSessionEnd`");
  const { leadMs = 120_000 } = options;
  checkSpan("leadMs", leadMs);
  const { platform } = auth.internals;
  const { clock } = platform;
  const ending = createReadable<number | null>(null, rethrowLater(clock));
  const alarm = createAlarm(platform, look);
  const unsubscribe = auth.sessionEndsAt.subscribe(look);

  function look(): void {
    const [endsAt, told, now] = [auth.sessionEndsAt.getState(), ending.getState(), clock.now()];
    const isNear = endsAt !== null && now >= endsAt - leadMs && now < endsAt;
    alarm.set(endsAt === null || now >= endsAt ? null : isNear ? endsAt : endsAt - leadMs);
    // The same end, told anew in whole seconds.
    if (isNear && told !== null && Math.abs(endsAt - told) < SLACK_MS) return;
    const tell = ending.assign(isNear ? endsAt : null);
    if (isNear) auth.internals.emit("sessionEnding", { endsAt });
    tell();
  }

  look();
  return {
    getState: ending.getState,
    subscribe: ending.subscribe,
    stop() {
      unsubscribe();
      alarm.stop();
    },
  };
}
