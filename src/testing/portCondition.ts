/**
 * How a port of a tab is: it works, is not there at all, or throws at each use as blocked storage and opaque origins
 * do.
 */
export type PortCondition = "works" | "missing" | "throws";

/** What browsers throw where an API is there but not allowed. */
export function notAllowed(what: string): DOMException {
  return new DOMException(`${what} is not allowed here.`, "SecurityError");
}
