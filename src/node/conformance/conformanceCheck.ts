import type { ConformanceContext } from "./conformanceContext.ts";

/** One sentence of PROTOCOL.md, and how a server shows that it holds. */
export interface ConformanceCheck {
  /** Stable; a letter for the section and a number. */
  readonly id: string;
  /** The heading of PROTOCOL.md. */
  readonly section: string;
  readonly sentence: string;
  /** Resolves when the sentence holds; throws {@link NotOffered} for an optional endpoint, and anything else when it does not. */
  run(context: ConformanceContext): Promise<void>;
}

/** The server has no such endpoint, and need not have it. */
export class NotOffered extends Error {
  override readonly name = "NotOffered";
}

export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

export function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [shown, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  expectThat(shown === wanted, `${what}: expected ${wanted}, got ${shown}.`);
}
