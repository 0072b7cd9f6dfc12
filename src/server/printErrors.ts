const INTERVAL_MS = 60_000;
const MAX_CAUSES = 5;

/**
 * What hears of errors where the program names no hook: the console, at most once a minute, so that an outage does not fill
 * a disk. Prints names, messages and places alone: what else hangs on a driver's error may be somebody's data.
 */
export function printErrors(clock: () => number): (error: unknown) => void {
  let printedAt = Number.NEGATIVE_INFINITY;
  let untold = 0;

  return (error) => {
    const now = clock();
    // A clock that was set back must not silence it for ever.
    if (now >= printedAt && now - printedAt < INTERVAL_MS) {
      untold += 1;
      return;
    }
    const others = untold === 0 ? "" : ` (and ${untold} more since the last of these lines)`;
    printedAt = now;
    untold = 0;
    console.error(
      `stay-signed-in: the server failed and answered 500 or 503${others}. ${describe(error)}\n` +
        "Give `createAuthServer` an `onError` to be told of each one, or to be told in another way.",
    );
  };
}

function describe(error: unknown): string {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; current instanceof Error && depth < MAX_CAUSES; depth += 1) {
    lines.push(`${depth === 0 ? "" : "caused by "}${current.stack ?? `${current.name}: ${current.message}`}`);
    current = current.cause;
  }
  return lines.length === 0 ? "Something that is no Error was thrown." : lines.join("\n");
}
