import { useEffect } from "react";

/** Lets the page be scrolled as far as to show what the panel of this height would cover. */
export function useRoomBelow(height: number): void {
  useEffect(() => {
    if (height === 0) return;
    const { style } = document.documentElement;
    style.setProperty("padding-block-end", `${height}px`);
    style.setProperty("scroll-padding-block-end", `${height}px`);
    return () => {
      style.removeProperty("padding-block-end");
      style.removeProperty("scroll-padding-block-end");
    };
  }, [height]);
}
