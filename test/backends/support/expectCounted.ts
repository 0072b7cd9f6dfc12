import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import { readDocument } from "../../docs/markdown.ts";
import type { HandWritten } from "../byHand/handWritten.ts";

/** An API of the count in docs/other-backends.md. */
export interface CountedApi {
  /** The first cell of its row. */
  readonly name: string;
  readonly byHand: HandWritten;
  readonly linesByHand: number;
  readonly linesDescribed: number;
  /** A server in a process of its own, whose clock nobody moves: on a busy machine a token of seconds ends early. */
  readonly isReal?: boolean;
}

/** What came of so many tabs. */
export interface Lives {
  readonly refreshes: number;
  readonly failed: number;
  readonly requests: number;
}

/** Compares with the row of the document; `npm run count:backends` has the rows written into `COUNT_FILE` instead. */
export function expectCounted(api: CountedApi, lives: readonly Lives[]): void {
  const lines = `| ${api.name} | ${api.linesByHand} | ${api.linesDescribed} |`;
  const refreshes = lives.map((one) => one.refreshes).join(", ");
  const failed = lives.map((one) => `${one.failed} of ${one.requests}`).join(", ");
  const row = `${lines} ${refreshes} | ${failed} |`;
  const file = process.env["COUNT_FILE"];
  if (file !== undefined) appendFileSync(file, `${row}\n`);
  else expect(readDocument("docs/other-backends.md")).toContain(`\n${api.isReal === true ? lines : row} `);
}
