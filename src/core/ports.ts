/**
 * What the core needs from the world around it. The browser, Node and the simulated world of the tests each implement it
 * once. A port that is optional may be missing (private mode, blocked storage, plain http, an old browser): the client then
 * shares less between tabs, and authenticates no less.
 */
export interface Platform {
  /** Time and timers. */
  clock: Clock;
  /** How the server is reached; also for tokens, so never an authorized one. */
  fetch: typeof globalThis.fetch;
  /** A number from 0 to 1, for jitter, as `Math.random`. */
  random: () => number;
  /** What happens to the page. */
  signals: Signals;
  /** The lock between tabs. Missing: tabs may refresh at the same moment. */
  lock?: TabLock | undefined;
  /** The channel between tabs. Missing: tabs learn of each other by the storage. */
  openChannel?: OpenTabChannel | undefined;
  /** What tabs share. Missing: each tab remembers for itself. */
  storage?: SharedStorage | undefined;
  /** The page's own origin (`https://app.example`), or undefined where there is no page. */
  origin?: string | undefined;
  /** Tells a developer of a wrong set-up, once a sentence. Absent: silent. */
  warn?: ((message: string) => void) | undefined;
}

/** Wall clock, monotonic clock and timers. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds that never go back. It may stand still while the machine sleeps. */
  monotonicNow(): number;
  /** Runs `callback` once, `delayMs` from now at the earliest; returns its cancellation. `delayMs` is at most 2^31-1. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** An exclusive lock that all tabs of the origin see. It saves requests; nothing may hang on it. */
export interface TabLock {
  /**
   * Waits for the lock and runs `work` while holding it; releases it when the promise of `work` settles, however it settles.
   * `work` learns whether it had to wait. Rejects with the signal's reason when `signal` aborts before the lock is granted;
   * afterwards the signal is without effect.
   */
  request<T>(name: string, signal: AbortSignal, work: (waited: boolean) => Promise<T>): Promise<T>;
  /** Makes this tab countable as `name` until the returned function is called. */
  announce(name: string): () => void;
  /** How many other tabs are announced as `name`. */
  countSiblings(name: string): Promise<number>;
  /** Whether any tab, this one too, holds the lock now. For devtools: by the time it is known it may have changed. */
  isHeld?(name: string): Promise<boolean>;
}

/** Opens the channel between tabs. May throw; what it then throws is reported and the tab stays by itself. */
export type OpenTabChannel = (name: string, onMessage: (message: unknown) => void) => TabChannel;

/** One end of the channel between tabs. */
export interface TabChannel {
  /** Sends a structured-cloneable value to every other tab, never to this one. */
  post(message: unknown): void;
  /** Nothing is received any more. */
  close(): void;
}

/** A small text storage that all tabs see at once. Every method may throw. */
export interface SharedStorage {
  /** The text under `key`, or null. */
  read(key: string): string | null;
  /** `null` removes the key. */
  write(key: string, value: string | null): void;
  /** Calls back when another tab has written `key`; only used where there is no channel. */
  onChange?: ((key: string, listener: () => void) => () => void) | undefined;
}

/** What happened to the page: see {@link Signals.subscribe}. */
export type Signal = "visible" | "hidden" | "online" | "offline" | "suspended" | "restored" | "resumed";

/** What happens to the page, and how it is. */
export interface Signals {
  /**
   * `suspended`: the page goes into the back/forward cache or is unloaded; `restored`: it came back from there;
   * `resumed`: it was frozen and runs again.
   */
  subscribe(listener: (signal: Signal) => void): () => void;
  /** Whether somebody can see the page; true where that means nothing. */
  isVisible(): boolean;
  /** Whether there may be a network; true where that is not known. */
  isOnline(): boolean;
}
