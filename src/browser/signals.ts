import type { Signal, Signals } from "../core/ports.ts";

/**
 * What the browser tells a page of its life. Listens only while somebody is subscribed, and never to `unload` or
 * `beforeunload`, which keep a page out of the back/forward cache. One event in the world may arrive as several signals
 * (coming back from the page cache is resume, pageshow and visibilitychange).
 */
export function createSignals(): Signals {
  const listeners = new Set<(signal: Signal) => void>();
  let detach: (() => void) | null = null;

  function emit(signal: Signal): void {
    for (const listener of [...listeners]) listener(signal);
  }

  return {
    subscribe(listener) {
      // Wrapped, so that the same function subscribed twice is called twice and removed one by one.
      const own = (signal: Signal) => listener(signal);
      listeners.add(own);
      detach ??= attach(emit);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        detach?.();
        detach = null;
      };
    },
    isVisible,
    // Only false says something: true is also shown behind a dead router.
    isOnline: () => typeof navigator === "undefined" || navigator.onLine !== false,
  };
}

function isVisible(): boolean {
  return typeof document === "undefined" || document.visibilityState !== "hidden";
}

function attach(emit: (signal: Signal) => void): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => {};
  const cleanups: Array<() => void> = [];
  const listen = (target: EventTarget, name: string, handler: (event: Event) => void) => {
    target.addEventListener(name, handler);
    cleanups.push(() => target.removeEventListener(name, handler));
  };

  listen(document, "visibilitychange", () => emit(isVisible() ? "visible" : "hidden"));
  // Some browsers do not report a window that was merely covered, or a waking machine, as a change of visibility.
  listen(window, "focus", () => isVisible() && emit("visible"));
  listen(window, "online", () => emit("online"));
  listen(window, "offline", () => emit("offline"));
  listen(window, "pagehide", () => emit("suspended"));
  listen(window, "pageshow", (event) => {
    // Also fired at each ordinary load, which nobody comes back from.
    if ("persisted" in event && event.persisted) emit("restored");
  });
  // Page Lifecycle (Chromium): a frozen tab, without any pageshow.
  listen(document, "resume", () => emit("resumed"));
  return () => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}
