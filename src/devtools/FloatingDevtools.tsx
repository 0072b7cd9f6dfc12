import { type KeyboardEvent, type ReactElement, useEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { DevtoolsSections } from "./DevtoolsSections.tsx";
import { DevtoolsToggle } from "./DevtoolsToggle.tsx";
import { ResizeHandle } from "./ResizeHandle.tsx";
import { SectionTabs } from "./SectionTabs.tsx";
import type { Devtools } from "./useDevtools.ts";
import { type Corner, useLayout } from "./useLayout.ts";
import { useRoomBelow } from "./useRoomBelow.ts";
import { useTopLayer } from "./useTopLayer.ts";

interface FloatingDevtoolsProps {
  devtools: Devtools;
  initiallyOpen: boolean;
  position: Corner | undefined;
  theme: "system" | "light" | "dark";
}

/** A button in a corner, and the panel that it opens below the page, also while a modal dialog is open. */
export function FloatingDevtools(props: FloatingDevtoolsProps): ReactElement | null {
  const { devtools, initiallyOpen, position, theme } = props;
  const [layout, change] = useLayout(devtools.client.internals.namespace, initiallyOpen);
  const host = useTopLayer();
  const panel = useRef<HTMLElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  // Only what people do moves the focus; a panel that was open at the load of the page does not.
  const isFocusDue = useRef(false);
  useRoomBelow(layout.isOpen ? layout.height : 0);
  useEffect(() => {
    if (!isFocusDue.current) return;
    isFocusDue.current = false;
    if (layout.isOpen) panel.current?.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
    else toggle.current?.focus();
  }, [layout.isOpen]);
  useEffect(() => {
    panel.current?.style.setProperty("--stay-height", `${layout.height}px`);
  });
  if (host === null) return null;

  const setOpen = (isOpen: boolean): void => {
    change({ isOpen });
    isFocusDue.current = true;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // The dialog that this may stand in is not meant.
    event.stopPropagation();
    event.nativeEvent.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    setOpen(false);
  };
  const { isOffline } = devtools.simulation.conditions;
  const { section } = layout;
  return createPortal(
    <div className="stay-signed-in-devtools" data-placement="corner" data-theme={theme}>
      {layout.isOpen ? (
        <section ref={panel} className="stay-panel" aria-label="Session devtools" onKeyDown={onKeyDown}>
          <ResizeHandle height={layout.height} onResize={(height) => change({ height })} />
          <div className="stay-head">
            <SectionTabs selected={section} onSelect={(next) => change({ section: next })} />
            <button type="button" aria-label="Close session devtools" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
          <div className="stay-body" role="tabpanel" id={`stay-${section}`} aria-label={section} tabIndex={0}>
            <DevtoolsSections devtools={devtools} only={section} />
          </div>
        </section>
      ) : (
        <DevtoolsToggle
          buttonRef={toggle}
          corner={layout.corner ?? position ?? null}
          isOffline={isOffline}
          onMove={(corner) => change({ corner })}
          onOpen={() => setOpen(true)}
        />
      )}
    </div>,
    host,
  );
}
