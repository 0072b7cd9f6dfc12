import type { Devtools } from "./useDevtools.ts";
import { formatTime } from "./formatTime.ts";
import { nameTab } from "./nameTab.ts";

/**
 * What happened, as text for an issue: no token, no subject, no session, no claim, no query of an address. Paths are those of
 * the app's own requests; whoever sends it reads it first.
 */
export function describeReport({ client, history, board, requests }: Devtools): string {
  const state = client.getState();
  const { platform } = client.internals;
  const { failures } = client.internals.readBackoff();
  const has = (name: "lock" | "openChannel" | "storage"): string =>
    platform[name] === undefined ? `no ${name}` : name;
  return [
    "# Report of the stay-signed-in devtools",
    `Status: ${state.status}${state.status === "unauthenticated" ? ` (${state.reason})` : ""}; activity: ${client.activity.getState().kind}`,
    `Tabs with devtools: ${board.tabs.filter(({ isClosed }) => !isClosed).length}; failures in a row: ${failures}`,
    `Ports: ${[has("lock"), has("openChannel"), has("storage")].join(", ")}; online: ${platform.signals.isOnline()}; visible: ${platform.signals.isVisible()}`,
    `Tokens: ${client.internals.tokens}; onSessionEnd: ${client.onSessionEnd}`,
    ...section(
      "Refreshes",
      board.refreshes.map(({ at, from, outcome, durationMs, trigger, detail }) => [
        formatTime(at),
        nameTab(from, board),
        outcome,
        durationMs === null ? "" : `${durationMs} ms`,
        trigger ?? "",
        outcome === "failed" || outcome === "session ended" ? detail : "",
      ]),
    ),
    ...section(
      "Events",
      history.entries.map(({ at, event }) => [formatTime(at), event]),
    ),
    ...section(
      "Requests",
      requests.map(({ at, method, path, steps, outcome, durationMs }) => [
        formatTime(at),
        method,
        path,
        ...steps,
        String(outcome ?? "under way"),
        durationMs === null ? "" : `${durationMs} ms`,
      ]),
    ),
  ].join("\n");
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return ["", `## ${title}`, ...rows.map((row) => `- ${row.filter((part) => part !== "").join(" ")}`)];
}
