import type { AuthClient, Readable } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { aFunction, checkOptions } from "../core/checkOptions.ts";
import { elapsedMs } from "../core/lifetime.ts";
import { createReadable } from "../core/readable.ts";
import { rethrowLater } from "../core/rethrowLater.ts";
import { createActivityRecord } from "./activityRecord.ts";
import { createAlarm } from "./alarm.ts";
import { checkSpan } from "./checkSpan.ts";
import { watchPageActivity } from "./pageActivity.ts";

/** After how long, and with which warning. */
export interface IdleOptions {
  /** How long nobody may have done anything, in any tab, in milliseconds. */
  readonly afterMs: number;
  /** How long before that the warning is shown, in milliseconds. Default: 60 000, and at most half of `afterMs`. */
  readonly warnMs?: number | undefined;
  /** Called when the warning begins, with the moment of the sign-out (wall-clock milliseconds). Default: nothing. */
  readonly onWarn?: ((signsOutAt: number) => void) | undefined;
  /** What counts as activity: calls `listener` at each, returns its removal. Default: pointer, keys, wheel and touch on the page. */
  readonly activity?: ((listener: () => void) => () => void) | undefined;
}

/** The warning: the moment of the sign-out, wall-clock milliseconds, while it is to be shown; else null. The same in all tabs. */
export interface IdleSignOut extends Readable<number | null> {
  /** Counts as activity, as any key does. */
  stay(): void;
  /** Watches no more. Idempotent. */
  stop(): void;
}

const MOST_THROTTLE_MS = 5_000;
/** How long another tab is given that has taken it upon itself to sign out: it may be frozen. */
const TURN_MS = 2_000;

/**
 * Signs out whoever has done nothing for `afterMs` in any tab: one clock, one warning and one sign-out for all of them. Call it
 * right after `createAuthClient`, before the client is started: a page that is loaded after the time, or a laptop that wakes, is
 * then signed out before it shows anybody. Where the shared storage is blocked each tab counts for itself, and the client's
 * warning says so.
 *
 * By the clock that says more: one that is set back does not keep anybody in.
 *
 * @throws AuthError `invalidOptions`.
 *
 * @example
 * const idle = signOutWhenIdle(auth, { afterMs: 15 * 60_000 });
 * function IdleDialog() {
 *   const signsOutAt = useSyncExternalStore(idle.subscribe, idle.getState, () => null);
 *   return signsOutAt === null ? null : <button onClick={idle.stay}>Still here</button>;
 * }
 */
export function signOutWhenIdle(auth: AuthClient, options: IdleOptions): IdleSignOut {
  const { afterMs, warnMs, onWarn, activity } = readIdleOptions(options);
  const { platform, namespace } = auth.internals;
  const { clock } = platform;
  const throttleMs = Math.min(MOST_THROTTLE_MS, afterMs / 20);
  const record = createActivityRecord(platform, `${namespace}:active`);
  const warning = createReadable<number | null>(null, rethrowLater(clock));
  /** The last activity that this tab knows of, by both clocks. */
  let last = { at: clock.now(), atMonotonic: clock.monotonicNow() };
  let writtenAt = 0;
  let turn: AbortController | null = null;
  let status = auth.getState().status;
  let isStopped = false;
  const alarm = createAlarm(platform, look);
  const cleanups = [activity(act), record.onChange(look), auth.subscribe(follow), alarm.stop];

  /** Takes over what another tab has written. */
  function learn(): void {
    const at = record.read();
    if (at === "none" || at === writtenAt) return;
    writtenAt = at;
    // What was written by a clock that has been set back since counts from now.
    if (at > last.at || last.at > clock.now()) {
      const ageMs = Math.max(0, clock.now() - at);
      last = { at, atMonotonic: clock.monotonicNow() - ageMs };
    }
  }

  const idleMs = (): number => elapsedMs(last.at, last.atMonotonic, clock);

  function write(): void {
    writtenAt = last.at;
    record.write(last.at);
  }

  function act(): void {
    if (isStopped) return;
    learn();
    // The first thing that a woken machine hears of may be the hand on the mouse: it shows nothing more.
    if (status !== "unauthenticated" && idleMs() >= afterMs) return end(true);
    if (status !== "authenticated") return;
    last = { at: clock.now(), atMonotonic: clock.monotonicNow() };
    if (warning.getState() !== null || last.at < writtenAt) write();
    look();
  }

  function look(): void {
    if (isStopped) return;
    learn();
    if (status === "unauthenticated") return rest();
    const leftMs = afterMs - idleMs();
    // A page that is loaded after the time shows nobody, not even until its turn.
    if (leftMs <= 0) return end(status === "loading");
    giveWay();
    if (status === "authenticated" && last.at > writtenAt && clock.now() - writtenAt >= throttleMs) write();
    const isUnwritten = status === "authenticated" && last.at > writtenAt;
    const isNear = status === "authenticated" && leftMs <= warnMs;
    show(isNear ? clock.now() + leftMs : null);
    const nextMs = isNear ? leftMs : leftMs - warnMs;
    alarm.set(clock.now() + (isUnwritten ? Math.min(nextMs, throttleMs) : nextMs));
  }

  function show(signsOutAt: number | null): void {
    const shown = warning.getState();
    // Two clocks that run apart by a moment make no new warning.
    if (shown !== null && signsOutAt !== null && Math.abs(shown - signsOutAt) < throttleMs) return;
    const tell = warning.assign(signsOutAt);
    if (shown === null && signsOutAt !== null) onWarn(signsOutAt);
    tell();
  }

  function end(isAtOnce: boolean): void {
    show(null);
    // Nobody is known to have been in: there is nothing to sign out of before the client has started.
    if (status === "loading" && writtenAt === 0) return rest();
    if (isAtOnce) void leave();
    else if (turn === null) void takeTurn();
  }

  /** The clocks of all tabs ring together: one signs out for all, and the others hear of it while they wait for their turn. */
  async function takeTurn(): Promise<void> {
    const own = new AbortController();
    turn = own;
    const cancel = clock.setTimer(() => own.abort(), TURN_MS);
    const signOut = async (): Promise<void> => {
      if (turn === own) await leave();
    };
    try {
      await (platform.lock?.request(`${namespace}:idle`, own.signal, signOut) ?? signOut());
    } catch {
      await signOut();
    } finally {
      cancel();
    }
  }

  async function leave(): Promise<void> {
    rest();
    record.write(null);
    await auth.signOut().catch(() => {});
  }

  function giveWay(): void {
    const waiting = turn;
    turn = null;
    waiting?.abort();
  }

  function rest(): void {
    giveWay();
    show(null);
    alarm.set(null);
  }

  function follow(): void {
    const before = status;
    ({ status } = auth.getState());
    if (status === before) return;
    if (status === "authenticated") {
      // Somebody has just come in; what a start-up brings back is as old as it is.
      if (before === "unauthenticated" || record.read() === "none") {
        last = { at: clock.now(), atMonotonic: clock.monotonicNow() };
        write();
      }
    } else if (status === "unauthenticated") {
      writtenAt = 0;
      record.write(null);
    }
    look();
  }

  const found = record.read();
  if (found !== "none") {
    last = { at: found, atMonotonic: clock.monotonicNow() - Math.max(0, clock.now() - found) };
    writtenAt = found;
  }
  look();
  return {
    getState: warning.getState,
    subscribe: warning.subscribe,
    stay: act,
    stop() {
      if (isStopped) return;
      isStopped = true;
      giveWay();
      for (const cleanup of cleanups) cleanup();
    },
  };
}

function readIdleOptions(options: IdleOptions): {
  readonly [Name in keyof IdleOptions]-?: NonNullable<IdleOptions[Name]>;
} {
  const rules = { afterMs: true, warnMs: true, onWarn: aFunction, activity: aFunction } as const;
  checkOptions<IdleOptions>(options, rules, "`signOutWhenIdle`");
  const { afterMs, warnMs, onWarn = () => {}, activity = watchPageActivity } = options;
  checkSpan("afterMs", afterMs);
  const warn = warnMs ?? Math.min(60_000, afterMs / 2);
  checkSpan("warnMs", warn);
  if (warn >= afterMs) throw new AuthError("invalidOptions", "`warnMs` must be less than `afterMs`.");
  return { afterMs, warnMs: warn, onWarn, activity };
}
