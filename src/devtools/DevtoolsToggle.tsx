import { type KeyboardEvent, type PointerEvent, type ReactElement, type Ref, useEffect, useRef, useState } from "react";
import { useAuth } from "../react/useAuth.ts";
import { type Corner, cornerAt, cornerBeside, findFreeCorner } from "./useLayout.ts";

interface DevtoolsToggleProps {
  buttonRef: Ref<HTMLButtonElement>;
  /** Null: wherever it covers nothing. */
  corner: Corner | null;
  isOffline: boolean;
  onMove: (corner: Corner) => void;
  onOpen: () => void;
}

const size = 36;
const margin = 10;
const dragFromPx = 6;

/** The button that opens the devtools. It is dragged to another corner, or sent there by an arrow key. */
export function DevtoolsToggle({ buttonRef, corner, isOffline, onMove, onOpen }: DevtoolsToggleProps): ReactElement {
  const status = useAuth((auth) => auth.status);
  const place = useRef<HTMLSpanElement>(null);
  const [freeCorner, setFreeCorner] = useState<Corner>("bottom-right");
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | null>(null);
  const shown = corner ?? freeCorner;

  useEffect(() => {
    if (corner !== null) return;
    const look = (): void => {
      setFreeCorner(findFreeCorner(size, margin, (element) => place.current?.contains(element) === true));
    };
    look();
    // A field that is reached by the keyboard may have come to lie below.
    const events = ["resize", "focusin", "load"] as const;
    for (const event of events) addEventListener(event, look);
    return () => events.forEach((event) => removeEventListener(event, look));
  }, [corner]);

  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    drag.current = { x: event.clientX, y: event.clientY, isMoved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    if (from === null) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    from.isMoved ||= Math.hypot(x, y) > dragFromPx;
    if (from.isMoved) place.current?.style.setProperty("translate", `${x}px ${y}px`);
  };
  const onPointerUp = (event: PointerEvent): void => {
    if (drag.current?.isMoved) onMove(cornerAt(event.clientX, event.clientY));
    place.current?.style.removeProperty("translate");
  };
  const onClick = (): void => {
    const wasMoved = drag.current?.isMoved === true;
    drag.current = null;
    if (!wasMoved) onOpen();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = cornerBeside(shown, event.key);
    if (next === shown) return;
    event.preventDefault();
    onMove(next);
  };

  return (
    <span ref={place} className="stay-place" data-corner={shown}>
      <button
        ref={buttonRef}
        type="button"
        className="stay-toggle"
        aria-expanded={false}
        aria-label={isOffline ? "Session devtools (offline)" : "Session devtools"}
        title="Session devtools: drag it, or press an arrow key, to move it to another corner"
        data-status={isOffline ? "offline" : status}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onClick={onClick}
        onKeyDown={onKeyDown}
      >
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <circle cx="8" cy="12" r="4" />
          <path d="M12 12h9M18 12v4M21 12v3" />
        </svg>
      </button>
    </span>
  );
}
