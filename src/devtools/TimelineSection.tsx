import type { ReactElement } from "react";
import { Entries } from "./Entries.tsx";
import { formatTime } from "./formatTime.ts";
import { nameTab } from "./nameTab.ts";
import type { Board, TabRefresh } from "./tabBoard.ts";

/** Each refresh of this browser, newest first: which tab asked the server, which ones waited for it, which took it over. */
export function TimelineSection({ board }: { board: Board }): ReactElement {
  return (
    <Entries label="Refreshes">
      {groupByToken(board.refreshes).map((group) => (
        <li key={`${group[0]?.from} ${group[0]?.key}`} className="stay-group">
          <time>{formatTime(Math.min(...group.map(({ at }) => at)))}</time>
          <ul>
            {group.map((refresh) => (
              <li key={`${refresh.from} ${refresh.key}`}>
                <span className="stay-badge" data-outcome={refresh.outcome}>
                  {refresh.outcome}
                </span>
                <span>{describe(refresh, board)}</span>
                {isBad(refresh) && <code>{refresh.detail}</code>}
              </li>
            ))}
            {group.every(({ outcome }) => outcome === "adopted" || outcome === "waited") && (
              <li className="stay-quiet">which tab asked the server was not seen</li>
            )}
          </ul>
        </li>
      ))}
    </Entries>
  );
}

const isBad = ({ outcome }: TabRefresh): boolean => outcome === "failed" || outcome === "session ended";

/** What tabs have to do with the same token is one refresh; whoever asked the server comes first. */
function groupByToken(refreshes: readonly TabRefresh[]): (readonly TabRefresh[])[] {
  const groups = new Map<string, TabRefresh[]>();
  for (const refresh of refreshes) {
    const name = refresh.token ?? `${refresh.from} ${refresh.key}`;
    groups.set(name, [...(groups.get(name) ?? []), refresh]);
  }
  const rank = ["refreshed", "waited", "adopted"];
  return [...groups.values()].map((group) =>
    group.sort((a, b) => rank.indexOf(a.outcome) - rank.indexOf(b.outcome) || a.at - b.at),
  );
}

function describe({ from, durationMs, trigger }: TabRefresh, board: Board): string {
  const who = nameTab(from, board);
  if (durationMs === null) return who;
  return `${who}, ${durationMs} ms${trigger === null ? "" : `, ${reasons[trigger] ?? trigger}`}`;
}

const reasons: Readonly<Record<string, string>> = {
  timer: "by the timer",
  start: "at the start",
  wakeUp: "after a wake-up",
  request: "for a request",
  call: "by hand",
};
