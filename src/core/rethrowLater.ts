/** For what a listener threw: in a task of its own it disturbs nobody here, and is not lost. */
export const rethrowLater =
  (clock: { setTimer(callback: () => void, delayMs: number): unknown }) =>
  (error: unknown): void => {
    clock.setTimer(() => {
      throw error;
    }, 0);
  };
