import type { ReactElement, ReactNode } from "react";
import { EventsSection } from "./EventsSection.tsx";
import { RenewalSection } from "./RenewalSection.tsx";
import { ReportButton } from "./ReportButton.tsx";
import { RequestsSection } from "./RequestsSection.tsx";
import { StatusSection } from "./StatusSection.tsx";
import { TabsSection } from "./TabsSection.tsx";
import { TimelineSection } from "./TimelineSection.tsx";
import { TokenSection } from "./TokenSection.tsx";
import { TrySection } from "./TrySection.tsx";
import type { Devtools } from "./useDevtools.ts";

export const sectionNames = ["Session", "Timeline", "Requests", "Tabs", "Try"] as const;
export type SectionName = (typeof sectionNames)[number];

interface DevtoolsSectionsProps {
  devtools: Devtools;
  /** The only one that is shown. Default: all. */
  only?: SectionName;
}

/** What the devtools show, one below the other or one at a time. */
export function DevtoolsSections({ devtools, only }: DevtoolsSectionsProps): ReactElement {
  const contents: Record<SectionName, ReactNode> = {
    Session: (
      <div className="stay-columns">
        <div>
          <h2>Session</h2>
          <StatusSection />
        </div>
        <div>
          <h2>Access token</h2>
          <TokenSection />
        </div>
        <div>
          <h2>Renewal</h2>
          <RenewalSection />
        </div>
      </div>
    ),
    Timeline: (
      <div className="stay-columns">
        <div>
          <h2>Refreshes of all tabs</h2>
          <TimelineSection board={devtools.board} />
        </div>
        <div>
          <h2>Events</h2>
          <EventsSection entries={devtools.history.entries} />
        </div>
      </div>
    ),
    Requests: (
      <>
        <h2>Authorized requests</h2>
        <RequestsSection requests={devtools.requests} />
      </>
    ),
    Tabs: (
      <>
        <h2>Tabs</h2>
        <TabsSection board={devtools.board} />
      </>
    ),
    Try: (
      <>
        <h2>Try</h2>
        <TrySection {...devtools} />
        <p className="stay-row">
          <ReportButton devtools={devtools} />
          <button type="button" aria-label="Clear the history" onClick={devtools.clear}>
            Clear
          </button>
        </p>
      </>
    ),
  };
  if (only !== undefined) return <>{contents[only]}</>;
  return (
    <>
      {sectionNames.map((name) => (
        <div key={name}>{contents[name]}</div>
      ))}
    </>
  );
}
