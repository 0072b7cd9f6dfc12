import { ServiceUnavailableError } from "./serviceUnavailableError.ts";

export interface HashQueue {
  /**
   * Runs `work` when its turn comes. `line` is whom it is for: lines take turns, so that whoever asks a lot waits for
   * themselves alone.
   * @throws ServiceUnavailableError when too many wait.
   */
  run<T>(line: string, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  start(): void;
  refuse(): void;
}

/**
 * Lets `maxRunning` pieces of work run at once and `maxWaiting` wait. Beyond that the last one of the longest line is sent
 * away, be it the newcomer or not.
 */
export function createHashQueue(maxRunning: number, maxWaiting: number): HashQueue {
  /** In the order of their next turns; a line that is empty is not there. */
  const lines = new Map<string, Waiting[]>();
  let running = 0;
  let waiting = 0;

  function startNext(): void {
    const [first] = lines;
    if (first === undefined) return;
    const [name, line] = first;
    const next = line.shift();
    lines.delete(name);
    if (line.length > 0) lines.set(name, line);
    waiting -= 1;
    running += 1;
    next?.start();
  }

  /** False when nobody else's line is longer than the newcomer's would be. */
  function makeRoom(newcomersLine: number): boolean {
    const [name, longest] = [...lines].reduce((a, b) => (b[1].length > a[1].length ? b : a), ["", []] as [
      string,
      Waiting[],
    ]);
    if (longest.length <= newcomersLine) return false;
    longest.pop()?.refuse();
    if (longest.length === 0) lines.delete(name);
    waiting -= 1;
    return true;
  }

  function turn(name: string): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return Promise.resolve();
    }
    const line = lines.get(name) ?? [];
    if (waiting >= maxWaiting && !makeRoom(line.length + 1)) return Promise.reject(tooMany());
    return new Promise((start, refuse) => {
      line.push({ start, refuse: () => refuse(tooMany()) });
      lines.set(name, line);
      waiting += 1;
    });
  }

  return {
    async run(line, work) {
      await turn(line);
      try {
        return await work();
      } finally {
        running -= 1;
        startNext();
      }
    },
  };
}

function tooMany(): ServiceUnavailableError {
  return new ServiceUnavailableError("Too many passwords are waiting to be checked.");
}
