import type { ReactElement } from "react";
import { Entries } from "./Entries.tsx";
import { formatTime } from "./formatTime.ts";
import type { RequestEntry } from "./requestLog.ts";

/** What this tab sent through `authorizeFetch` and `authorizeAxios`, newest first, and what it went through on the way. */
export function RequestsSection({ requests }: { requests: readonly RequestEntry[] }): ReactElement {
  return (
    <Entries label="Requests">
      {requests.map(({ key, at, method, path, steps, outcome, durationMs }) => (
        <li key={key}>
          <time>{formatTime(at)}</time>
          <code>
            {method} {path}
          </code>
          {steps.map((step, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- steps are only ever added
            <span key={index} className="stay-badge" data-step={step}>
              {step}
            </span>
          ))}
          <strong>{outcome ?? "under way"}</strong>
          {durationMs !== null && <span className="stay-quiet">{durationMs} ms</span>}
        </li>
      ))}
    </Entries>
  );
}
