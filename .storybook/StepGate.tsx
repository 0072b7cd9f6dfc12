import { type ReactElement, useSyncExternalStore } from "react";

interface Gate {
  readonly label: string;
  open(): void;
}

let gate: Gate | null = null;
const watchers = new Set<() => void>();

function setGate(next: Gate | null): void {
  gate = next;
  for (const watcher of watchers) watcher();
}

/** Holds a step of a story until somebody has looked at what is there and presses the button. */
export function waitForNext(label: string): Promise<void> {
  return new Promise((resolve) => {
    setGate({
      label,
      open() {
        setGate(null);
        resolve();
      },
    });
  });
}

export function StepGate(): ReactElement | null {
  const current = useSyncExternalStore(subscribe, () => gate);
  if (current === null) return null;
  return (
    <button className="main" type="button" onClick={current.open}>
      Next: {current.label}
    </button>
  );
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
