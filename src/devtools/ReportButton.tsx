import { type ReactElement, useState } from "react";
import { describeReport } from "./describeReport.ts";
import type { Devtools } from "./useDevtools.ts";

/** Puts on the clipboard what an issue needs to know; where that is refused, shows it to be copied by hand. */
export function ReportButton({ devtools }: { devtools: Devtools }): ReactElement {
  const [shown, setShown] = useState<string | null>(null);
  const [isCopied, setIsCopied] = useState(false);

  const copy = (): void => {
    const report = describeReport(devtools);
    const copying = navigator.clipboard?.writeText(report) ?? Promise.reject(new Error("There is no clipboard."));
    copying.then(
      () => setIsCopied(true),
      () => setShown(report),
    );
  };
  return (
    <>
      <button type="button" title="What happened, without tokens, subjects and claims" onClick={copy}>
        {isCopied ? "Report copied" : "Copy report"}
      </button>
      {shown !== null && (
        <textarea aria-label="Report" readOnly rows={6} value={shown} onFocus={(event) => event.target.select()} />
      )}
    </>
  );
}
