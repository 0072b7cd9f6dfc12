import type { EventLoop } from "./eventLoop.ts";

/**
 * The one door through which the world reaches a tab's code. A tab that is frozen or in the page cache gets its tasks
 * when it runs again; a dead one never.
 */
export interface TabGate {
  /** Runs `task` in the tab as a task of its own, as soon as the tab runs. */
  deliver(task: () => void): void;
  hold(): void;
  release(): void;
  kill(): void;
  isDead(): boolean;
  isHeld(): boolean;
}

export function createTabGate(loop: EventLoop): TabGate {
  let state: "running" | "held" | "dead" = "running";
  const held: Array<() => void> = [];

  function arrive(task: () => void): void {
    if (state === "held") held.push(task);
    else if (state === "running") task();
  }

  return {
    deliver(task) {
      if (state !== "dead") loop.post(() => arrive(task));
    },
    hold() {
      if (state === "running") state = "held";
    },
    release() {
      if (state !== "held") return;
      state = "running";
      for (const task of held.splice(0)) loop.post(() => arrive(task));
    },
    kill() {
      state = "dead";
      held.length = 0;
    },
    isDead: () => state === "dead",
    isHeld: () => state === "held",
  };
}
