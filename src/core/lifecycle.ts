import type { RefreshTrigger } from "./authState.ts";
import type { AuthClientOptions } from "./authClientOptions.ts";
import type { ClientStore } from "./clientStore.ts";
import { type HeldToken, isOpen } from "./knowledge.ts";
import type { NoteKeeper } from "./noteKeeper.ts";
import type { Platform, Signal } from "./ports.ts";
import type { FlightResult } from "./refresher.ts";
import type { SignOutQueue } from "./signOutQueue.ts";
import type { Tabs } from "./tabs.ts";
import { disposedError, type Waits } from "./waits.ts";

/** How often the siblings and the server are asked in a row who is signed in, when answers keep being overtaken. */
const MOST_ROUNDS = 6;

export interface Lifecycle {
  /** Begins, or counts one more who began; returns its stop. */
  start(): () => void;
  isStarted(): boolean;
  /** Whether it is being found out who is signed in. */
  isRestoring(): boolean;
  /** Finds out who is signed in: the note, what is owed, the siblings, the server; in this order, once at a time. */
  restore(trigger: RefreshTrigger): Promise<void>;
  /** Where guests are automatic, and no user was ever there or one has left on purpose: nobody becomes a guest by an end. */
  startGuest(): Promise<void>;
  dispose(): void;
}

/** When a client begins, wakes up and stops, and what it then has to find out. */
export function createLifecycle({
  platform,
  namespace,
  guests,
  store: { getState },
  waits,
  tabs,
  noteKeeper,
  signOuts,
  readNote,
  rethrow,
  isUsable,
  isRenewable,
  isOutage,
  refreshOnce,
  enterAsGuest,
  arm,
  onStopped,
}: {
  readonly platform: Platform;
  readonly namespace: string;
  readonly guests: NonNullable<AuthClientOptions["guests"]>;
  readonly store: Pick<ClientStore, "getState">;
  readonly waits: Waits;
  readonly tabs: Tabs;
  readonly noteKeeper: NoteKeeper;
  readonly signOuts: SignOutQueue;
  readonly readNote: () => void;
  readonly rethrow: (error: unknown) => void;
  readonly isUsable: (token: HeldToken | null) => boolean;
  readonly isRenewable: () => boolean;
  /** Whether the last refresh failed and the next one has its moment. */
  readonly isOutage: () => boolean;
  readonly refreshOnce: (trigger: RefreshTrigger) => Promise<FlightResult>;
  readonly enterAsGuest: () => Promise<unknown>;
  readonly arm: () => void;
  readonly onStopped: () => void;
}): Lifecycle {
  let starts = 0;
  let restoring: Promise<void> | null = null;
  let stopListening: (() => void) | null = null;

  function isRestored(): boolean {
    const { known, settled } = getState();
    return isOpen(known) ? known.identity !== null && known.token !== null : settled;
  }

  function restore(trigger: RefreshTrigger): Promise<void> {
    restoring ??= (async () => {
      readNote();
      await payOwed();
      for (let round = 0; round < MOST_ROUNDS && !isRestored(); round += 1) {
        await tabs.ask();
        if (waits.isDisposed() || isRestored() || (await refreshOnce(trigger)).kind === "failed") break;
      }
      if (getState().settled) await startGuest();
    })()
      .catch((error: unknown) => rethrow(error))
      .finally(() => {
        restoring = null;
      });
    return restoring;
  }

  /** A sign-out that is owed may be another tab's, and that tab gone. */
  async function payOwed(): Promise<void> {
    const { known } = getState();
    if (known?.end === "signedOut" && known.owed) await signOuts.add(known.number === 0 ? null : known, null);
    else await signOuts.payNow();
  }

  async function startGuest(): Promise<void> {
    const { known } = getState();
    if (guests !== "automatic" || isOpen(known) || signOuts.isOwing() || waits.isDisposed()) return;
    if (known !== null && !known.isGuest && known.end !== "signedOut") return;
    await enterAsGuest().catch(() => {});
  }

  function wake(signal: Signal): void {
    if (signal === "suspended") return tabs.close();
    if (signal === "hidden" || signal === "offline") return;
    if (signal === "restored" || signal === "resumed") {
      tabs.open();
      noteKeeper.resumed();
      readNote();
      tabs.tell();
      void tabs.ask();
    } else noteKeeper.check();
    void payOwed();
    const { known, settled } = getState();
    if (!settled || (isOpen(known) && known.token === null)) return void restore("wakeUp");
    if (!isOpen(known)) return void tabs.ask();
    if (!isRenewable()) return arm();
    if (!isUsable(known.token) || isOutage()) void refreshOnce("wakeUp");
    else arm();
  }

  function listen(): void {
    tabs.open();
    const unsubscribe = platform.signals.subscribe(wake);
    const unwatch =
      platform.openChannel === undefined ? platform.storage?.onChange?.(`${namespace}:session`, readNote) : undefined;
    stopListening = () => {
      unsubscribe();
      unwatch?.();
      tabs.close();
      noteKeeper.dispose();
      onStopped();
    };
    if (!getState().settled) void restore("start");
    else wake("resumed");
    arm();
  }

  return {
    start() {
      if (waits.isDisposed()) throw disposedError();
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
    isRestoring: () => restoring !== null,
    restore,
    startGuest,
    dispose() {
      starts = 0;
      stopListening?.();
    },
  };
}
