import { type ReactElement, useSyncExternalStore } from "react";
import type { StoryWorld } from "./storyWorld.ts";

const shown = 8;

/** What the server was asked, newest first. */
export function WireLog({ world }: { world: StoryWorld }): ReactElement {
  const requests = useSyncExternalStore(world.requests.subscribe, world.requests.getState);
  return (
    <section className="sheet" aria-label="What the server saw">
      <h2>What the server saw</h2>
      {requests.length === 0 && <p className="quiet">Nothing yet.</p>}
      <ol className="wire">
        {requests
          .slice(-shown)
          .reverse()
          .map(({ key, source, method, path, status }) => (
            <li key={key} data-path={path} data-status={status}>
              <code>
                {method} {path.replace("/v1/auth", "")}
              </code>
              <span className="quiet">{source}</span>
              <span className={status < 400 ? "good" : "quiet"}>{status}</span>
            </li>
          ))}
      </ol>
    </section>
  );
}
