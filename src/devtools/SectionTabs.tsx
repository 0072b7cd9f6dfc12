import type { KeyboardEvent, ReactElement } from "react";
import { type SectionName, sectionNames } from "./DevtoolsSections.tsx";

interface SectionTabsProps {
  selected: SectionName;
  onSelect: (section: SectionName) => void;
}

/** One section at a time, chosen by the arrow keys as well (ARIA's tabs). */
export function SectionTabs({ selected, onSelect }: SectionTabsProps): ReactElement {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = sectionNames.at((sectionNames.indexOf(selected) + step) % sectionNames.length) ?? selected;
    onSelect(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-section=${next}]`)?.focus();
  };
  return (
    <div role="tablist" aria-label="Session devtools" className="stay-tabs" onKeyDown={onKeyDown}>
      {sectionNames.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          data-section={name}
          aria-selected={name === selected}
          aria-controls={name === selected ? `stay-${name}` : undefined}
          tabIndex={name === selected ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
