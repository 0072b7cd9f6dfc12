import { AuthError } from "./authError.ts";
import type { RefreshTrigger } from "./authState.ts";
import { createGuestStart } from "./guestStart.ts";
import type { Lifecycle, Parts } from "./parts.ts";
import type { Signal } from "./ports.ts";
import { isOpen } from "./session.ts";
import { isUsable } from "./token.ts";
import { type ClientState, isInQuestion } from "./transition.ts";
import { shareWork } from "./wait.ts";

/** How often the siblings and the server are asked in a row who is signed in, when answers keep being overtaken. */
const MOST_ROUNDS = 6;

export function createLifecycle(parts: Parts): Lifecycle {
  const { platform, store, tabs, record, refresh, schedule, signing, waits } = parts;
  const { getState, dispatch } = store;
  let starts = 0;
  let stopListening: (() => void) | null = null;
  let trigger: RefreshTrigger = "start";
  const guestStart = createGuestStart(parts);

  const isRestored = (): boolean => isOpen(getState().session) || getState().initialized;

  const restoring = shareWork(() => findSession().catch((error: unknown) => parts.rethrow(error)));

  /** Start: who is nearest is asked first. */
  async function findSession(): Promise<void> {
    tabs.readRecord();
    // S5: while a sign-out is not confirmed, whatever the server gives out is what somebody has left.
    if (!(await signing.flushSignOuts())) return dispatch({ type: "startUnanswered", isFirstVisit: false });
    for (let round = 0; round < MOST_ROUNDS && !isRestored() && !guestStart.isRunning(); round += 1) {
      await tabs.ask();
      if (waits.isDisposed() || isRestored() || (await refresh.run(trigger)).kind !== "done") break;
    }
    if (guestStart.isRunning()) await guestStart.run();
  }

  async function verify(): Promise<void> {
    await tabs.ask();
    if (!waits.isDisposed() && isInQuestion(getState())) await refresh.run("start");
    else schedule.arm();
  }

  function wake(signal: Signal): void {
    if (signal === "suspended") return tabs.close();
    if (signal === "online" || signal === "offline") refresh.networkChanged();
    if (signal === "hidden" || signal === "offline") return;
    if (signal === "restored" || signal === "resumed") {
      tabs.open();
      record.resumed();
      tabs.readRecord();
      tabs.tell(); // N4
      void tabs.ask();
    } else tabs.readRecord();
    void signing.flushSignOuts(); // S5
    const { session, initialized } = getState();
    if (!initialized) return void restore("wakeUp");
    if (!isOpen(session)) void (guestStart.isDue() ? guestStart.run() : tabs.ask());
    if (
      isOpen(session) &&
      refresh.isRenewable() &&
      (!isUsable(session.token, platform.clock) || refresh.retry() !== null)
    ) {
      void refresh.run("wakeUp");
    } else schedule.arm();
  }

  function listen(): void {
    tabs.open();
    const unsubscribe = platform.signals.subscribe(wake);
    const stopBackend = parts.backend.start?.();
    stopListening = () => {
      stopListening = null;
      unsubscribe();
      stopBackend?.();
      tabs.close();
      record.stop();
      schedule.disarm();
    };
    refresh.networkChanged();
    if (!getState().initialized) void restore("start");
    else wake("resumed");
    schedule.arm();
  }

  function restore(because: RefreshTrigger): Promise<void> {
    trigger = because;
    return restoring.run();
  }

  return {
    start() {
      if (waits.isDisposed()) throw new AuthError("disposed");
      starts += 1;
      if (starts === 1) listen();
      let isStopped = false;
      return () => {
        if (isStopped) return;
        isStopped = true;
        starts -= 1;
        if (starts === 0) stopListening?.();
      };
    },
    isStarted: () => starts > 0,
    restore,
    verify,
    startGuest: guestStart.run,
    stateChanged(before: ClientState, after: ClientState) {
      if (isOpen(after.session)) guestStart.forget();
      if (
        before.session?.token !== after.session?.token ||
        before.session?.end !== after.session?.end ||
        before.unverified !== after.unverified
      )
        schedule.arm();
    },
    dispose() {
      starts = 0;
      stopListening?.();
    },
  };
}
