import type { ReactElement, ReactNode } from "react";
import type { AuthHistory, RefreshEntry } from "./authHistory.ts";
import { formatTime } from "./formatTime.ts";

/** The last refreshes and the last events, newest first. */
export function HistorySection({ history, onClear }: { history: AuthHistory; onClear: () => void }): ReactElement {
  return (
    <>
      <h2>Refreshes</h2>
      <Entries label="Refreshes">
        {history.refreshes.map((refresh) => (
          <li key={refresh.key}>
            <time>{formatTime(refresh.at)}</time>
            <span className="stay-badge" data-outcome={refresh.outcome}>
              {refresh.outcome}
            </span>
            <span>{describeOrigin(refresh)}</span>
            {(refresh.outcome === "failed" || refresh.outcome === "session ended") && <code>{refresh.detail}</code>}
          </li>
        ))}
      </Entries>
      <h2>
        Events
        <button type="button" aria-label="Clear the history" onClick={onClear}>
          Clear
        </button>
      </h2>
      <Entries label="Events">
        {history.entries.map((entry) => (
          <li key={entry.key}>
            <time>{formatTime(entry.at)}</time>
            <strong>{entry.event}</strong>
            <span>{entry.detail}</span>
          </li>
        ))}
      </Entries>
    </>
  );
}

/** A list that scrolls, and that the keyboard reaches to scroll it. */
function Entries({ label, children }: { label: string; children: readonly ReactNode[] }): ReactElement {
  if (children.length === 0) return <p className="stay-quiet">None since these tools are here.</p>;
  return (
    <ol aria-label={label} tabIndex={0}>
      {children}
    </ol>
  );
}

function describeOrigin({ durationMs, trigger }: RefreshEntry): string {
  if (durationMs === null) return "by another tab";
  const why = trigger === null ? "" : `, ${reasons[trigger]}`;
  return `here, ${durationMs} ms${why}`;
}

const reasons = {
  timer: "by the timer",
  start: "at the start",
  wakeUp: "after a wake-up",
  request: "for a request",
  call: "by hand",
} as const;
