const portion = 250;

/**
 * Lets those that have waited for a token go on, so many in one task and the rest in later ones: ten thousand requests that one
 * refresh releases would otherwise be one long task, and the page stand still. Undefined: go on at once.
 */
export function createTurnstile(): () => Promise<void> | undefined {
  let passed = 0;
  let isOpen = false;
  const waiting: (() => void)[] = [];

  function nextTask(): void {
    isOpen = waiting.length > 0;
    passed = Math.min(portion, waiting.length);
    if (isOpen) setTimeout(nextTask, 0);
    for (const pass of waiting.splice(0, portion)) pass();
  }

  return () => {
    if (!isOpen) setTimeout(nextTask, 0);
    isOpen = true;
    passed += 1;
    return passed <= portion ? undefined : new Promise((pass) => waiting.push(pass));
  };
}
