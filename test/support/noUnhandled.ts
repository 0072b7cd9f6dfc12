import { afterEach, beforeEach } from "vitest";

// vitest reports an unhandled rejection for the whole run; this names the test that left it behind.
const leftBehind: unknown[] = [];
const remember = (reason: unknown) => {
  leftBehind.push(reason);
};

beforeEach(() => {
  leftBehind.length = 0;
  process.on("unhandledRejection", remember);
});

afterEach(async () => {
  // Node tells of an unhandled rejection after the microtasks of the turn that made it; real timers, whatever the test faked.
  await new Promise((resolve) => realSetImmediate(resolve));
  process.off("unhandledRejection", remember);
  if (leftBehind.length > 0) {
    throw new AggregateError(leftBehind, `The test left ${leftBehind.length} rejected promise(s) that nobody handles.`);
  }
});

const realSetImmediate = setImmediate;
