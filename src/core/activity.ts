import { AuthError } from "./authError.ts";
import type { Activity } from "./authState.ts";
import type { Parts } from "./parts.ts";
import { createReadable, type Writable } from "./readable.ts";

/** What is being done, as it is shown; the same object for as long as it says the same. */
export interface ShownActivity {
  readonly readable: Writable<Activity>;
  show(activity: Activity): void;
  /** Nothing is being done: idle, or waiting for the network where the browser says that there is none. */
  showNetwork(): void;
}

export function createActivity({ platform, rethrow }: Parts): ShownActivity {
  const readable = createReadable<Activity>({ kind: "idle" }, rethrow);

  function show(next: Activity): void {
    if (!isSame(readable.getState(), next)) readable.assign(next)();
  }

  return {
    readable,
    show,
    showNetwork() {
      const offline = new AuthError("unavailable", "There is no network.");
      show(platform.signals.isOnline() ? { kind: "idle" } : { kind: "waiting", until: null, error: offline });
    },
  };
}

function isSame(a: Activity, b: Activity): boolean {
  if (a.kind === "refreshing" && b.kind === "refreshing") return a.trigger === b.trigger;
  if (a.kind !== "waiting" || b.kind !== "waiting") return a.kind === b.kind;
  return a.until === b.until && (a.until === null || a.error === b.error);
}
