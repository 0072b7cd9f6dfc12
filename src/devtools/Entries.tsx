import type { ReactElement, ReactNode } from "react";

/** A list that scrolls, and that the keyboard reaches to scroll it. */
export function Entries({ label, children }: { label: string; children: readonly ReactNode[] }): ReactElement {
  if (children.length === 0) return <p className="stay-quiet">None since these tools are here.</p>;
  return (
    <ol aria-label={label} tabIndex={0}>
      {children}
    </ol>
  );
}
