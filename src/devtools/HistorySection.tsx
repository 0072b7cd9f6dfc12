import type { ReactElement } from "react";
import type { AuthHistory } from "./authHistory.ts";

/** The last refreshes and the last events, newest first. */
export function HistorySection({ history, onClear }: { history: AuthHistory; onClear: () => void }): ReactElement {
  return (
    <>
      <h2>Refreshes</h2>
      {history.refreshes.length === 0 ? (
        <p className="quiet">None since this panel was opened.</p>
      ) : (
        <ol>
          {history.refreshes.map((refresh) => (
            <li key={refresh.key}>
              <time>{formatTime(refresh.at)}</time>
              <span className="badge" data-outcome={refresh.outcome}>
                {refresh.outcome}
              </span>
              <span>{refresh.durationMs === null ? "from another tab" : `${refresh.durationMs} ms`}</span>
              {refresh.outcome === "failed" && <code>{refresh.detail}</code>}
            </li>
          ))}
        </ol>
      )}
      <h2>
        Events
        <button type="button" onClick={onClear}>
          Clear
        </button>
      </h2>
      {history.entries.length === 0 ? (
        <p className="quiet">None since this panel was opened.</p>
      ) : (
        <ol>
          {history.entries.map((entry) => (
            <li key={entry.key}>
              <time>{formatTime(entry.at)}</time>
              <strong>{entry.event}</strong>
              <span>{entry.detail}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function formatTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
