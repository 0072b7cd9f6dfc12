import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
// Testing Library moves faked timers only when it finds a `jest`; without this its `findBy…` hang under vi.useFakeTimers().
Object.assign(globalThis, { jest: { advanceTimersByTime: (ms: number) => vi.advanceTimersByTime(ms) } });

afterEach(async () => {
  cleanup();
  if (typeof window === "undefined") return;
  // The files of one worker share a page.
  localStorage.clear();
  sessionStorage.clear();
  await navigator.clipboard.writeText("");
});
