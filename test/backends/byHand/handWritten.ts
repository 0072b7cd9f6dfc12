import type { Backend } from "../../../src/core/backend.ts";

/** A backend that somebody wrote by hand, before there were descriptions: what the count in docs/other-backends.md begins with. */
export type HandWritten = (given: {
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly now: () => number;
}) => Backend;
