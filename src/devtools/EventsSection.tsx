import type { ReactElement } from "react";
import type { HistoryEntry } from "./authHistory.ts";
import { Entries } from "./Entries.tsx";
import { formatTime } from "./formatTime.ts";

/** What the client told of in this tab, newest first. */
export function EventsSection({ entries }: { entries: readonly HistoryEntry[] }): ReactElement {
  return (
    <Entries label="Events">
      {entries.map((entry) => (
        <li key={entry.key}>
          <time>{formatTime(entry.at)}</time>
          <strong>{entry.event}</strong>
          <span>{entry.detail}</span>
        </li>
      ))}
    </Entries>
  );
}
