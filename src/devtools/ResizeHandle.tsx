import type { KeyboardEvent, PointerEvent, ReactElement } from "react";
import { smallestHeight } from "./useLayout.ts";

interface ResizeHandleProps {
  height: number;
  onResize: (height: number) => void;
}

const stepPx = 24;

/** The upper edge of the panel: dragged, or moved by the arrow keys (ARIA's window splitter). */
export function ResizeHandle({ height, onResize }: ResizeHandleProps): ReactElement {
  const resize = (wanted: number): void =>
    onResize(Math.round(Math.min(Math.max(wanted, smallestHeight), innerHeight * 0.85)));
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) resize(innerHeight - event.clientY);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    resize(height + steps * stepPx);
  };
  return (
    <div
      className="stay-resize"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the session devtools"
      aria-valuenow={height}
      aria-valuemin={smallestHeight}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    />
  );
}
