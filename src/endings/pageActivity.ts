const EVENTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"] as const;

/** Calls `listener` at whatever somebody does on the page; returns its removal. Nothing where there is no page. */
export function watchPageActivity(listener: () => void): () => void {
  if (typeof document === "undefined") return () => {};
  const how = { capture: true, passive: true };
  for (const name of EVENTS) document.addEventListener(name, listener, how);
  return () => {
    for (const name of EVENTS) document.removeEventListener(name, listener, how);
  };
}
