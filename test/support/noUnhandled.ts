import { afterEach, expect } from "vitest";

// A rejection that nobody handles fails the test that made it, not the run as a whole.
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
afterEach(() => {
  const found = unhandled.splice(0);
  expect(found).toEqual([]);
});
