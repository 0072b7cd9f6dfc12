import type { Signals } from "../core/ports.ts";

/** `AppState` of React Native, or anything of its shape. */
export interface AppStateSource {
  /** `active`, `background`, and what lies between (`inactive`). */
  readonly currentState: string | null;
  /** Calls back with each new state until the subscription is removed. */
  addEventListener(type: "change", listener: (state: string) => void): { remove(): void };
}

/**
 * An app in front is a visible page, one in the background a hidden one; what lies between (a call that comes in, the list of
 * apps) is neither news. Whether there is a network is not known here: what fails is tried again, at the latest when the app
 * comes to the front.
 */
export function createAppStateSignals(app: AppStateSource): Signals {
  return {
    subscribe(listener) {
      const subscription = app.addEventListener("change", (state) => {
        if (state === "active") listener("visible");
        if (state === "background") listener("hidden");
      });
      return () => subscription.remove();
    },
    isVisible: () => app.currentState !== "background",
    isOnline: () => true,
  };
}
