import type { ResolvedOptions } from "./resolveOptions.ts";

/** How long a session lives without a refresh, in milliseconds. */
export function idleMsOf(
  { idleMs, browserSessionIdleMs }: Pick<ResolvedOptions, "idleMs" | "browserSessionIdleMs">,
  persistent: boolean,
): number {
  return persistent ? idleMs : browserSessionIdleMs;
}
