import { useState } from "react";
import { isFields } from "../core/parse.ts";
import { type SectionName, sectionNames } from "./DevtoolsSections.tsx";

const corners = ["bottom-right", "bottom-left", "top-right", "top-left"] as const;
/** A corner of the window. */
export type Corner = (typeof corners)[number];

export interface Layout {
  /** Null as long as nobody has moved the button. */
  readonly corner: Corner | null;
  readonly isOpen: boolean;
  readonly height: number;
  readonly section: SectionName;
}

export const smallestHeight = 140;

/** Where the devtools stand and what they show, kept from one page load to the next, and apart for each client. */
export function useLayout(namespace: string, initiallyOpen: boolean): [Layout, (change: Partial<Layout>) => void] {
  const key = `${namespace}:devtools`;
  const [layout, setLayout] = useState(() => readLayout(key, initiallyOpen));
  const change = (next: Partial<Layout>): void => {
    const changed = { ...layout, ...next };
    setLayout(changed);
    try {
      localStorage.setItem(key, JSON.stringify(changed));
    } catch {
      // Blocked storage: it is as it was at the next load.
    }
  };
  return [layout, change];
}

function readLayout(key: string, initiallyOpen: boolean): Layout {
  const remembered = readFields(key);
  const { isOpen, height, corner, section } = remembered;
  return {
    corner: corners.find((known) => known === corner) ?? null,
    isOpen: typeof isOpen === "boolean" ? isOpen : initiallyOpen,
    height: typeof height === "number" && height >= smallestHeight ? height : 340,
    section: sectionNames.find((known) => known === section) ?? "Session",
  };
}

function readFields(key: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "");
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

/** The corner that an arrow key leads to from this one. */
export function cornerBeside(corner: Corner, key: string): Corner {
  const [row, column] = corner.split("-");
  const next = {
    ArrowUp: `top-${column}`,
    ArrowDown: `bottom-${column}`,
    ArrowLeft: `${row}-left`,
    ArrowRight: `${row}-right`,
  }[key];
  return corners.find((known) => known === next) ?? corner;
}

export function cornerAt(x: number, y: number): Corner {
  return `${y < innerHeight / 2 ? "top" : "bottom"}-${x < innerWidth / 2 ? "left" : "right"}`;
}

/** The first corner in which a button of this size covers nothing that can be used. */
export function findFreeCorner(size: number, margin: number, isOwn: (element: Element) => boolean): Corner {
  return corners.find((corner) => isFree(corner, size, margin, isOwn)) ?? corners[0];
}

const control = "a[href],button,input,select,textarea,summary,[role=button],[role=link],[contenteditable=true]";

function isFree(corner: Corner, size: number, margin: number, isOwn: (element: Element) => boolean): boolean {
  const left = corner.endsWith("left") ? margin : innerWidth - margin - size;
  const top = corner.startsWith("top") ? margin : innerHeight - margin - size;
  const marks = [0, size / 2, size];
  return marks.every((x) =>
    marks.every((y) => {
      const found = document.elementsFromPoint?.(left + x, top + y) ?? [];
      return !found.some((element) => !isOwn(element) && element.closest(control) !== null);
    }),
  );
}
