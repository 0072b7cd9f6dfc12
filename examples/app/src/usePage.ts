import { type RefObject, useEffect } from "react";

/** What is shown, to tell another page from the same one rendered again. */
let shown: { name: string; heading: HTMLElement | null } | null = null;

/**
 * Names the page in the tab and, when it has taken another one's place, moves the focus to its heading: whoever hears the page, or goes
 * on by the keyboard, would be left at nothing. A field that has taken the focus keeps it.
 */
export function usePage(name: string, heading: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    document.title = `${name} · Notebook`;
    const isAnother = shown !== null && (shown.name !== name || shown.heading !== heading.current);
    shown = { name, heading: heading.current };
    if (isAnother) catchFocus();
  }, [name, heading]);
}

/** Where the focused button has gone, with the line that it was in, the page's heading takes its place. */
export function catchFocus(): void {
  if (document.activeElement === null || document.activeElement === document.body)
    shown?.heading?.focus({ preventScroll: true });
}
