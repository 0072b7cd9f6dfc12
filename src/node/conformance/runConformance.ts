import { type ConformanceCheck, NotOffered } from "./conformanceCheck.ts";
import { conformanceChecks } from "./conformanceChecks.ts";
import { type ConformanceContext, type ConformanceOptions, createConformanceContext } from "./conformanceContext.ts";

export type Verdict = "holds" | "fails" | "not offered";

export interface ConformanceResult {
  readonly check: ConformanceCheck;
  readonly verdict: Verdict;
  /** Why it fails or is not offered. */
  readonly reason: string | null;
}

/** Some checks only wait for the grace time; more of the others at once would measure the server rather than ask it. */
const AT_ONCE = 5;

/** Runs every check against a server, a few at a time. The results are in the order of the table. */
export async function runConformance(options: ConformanceOptions): Promise<readonly ConformanceResult[]> {
  const context = createConformanceContext(options);
  const results = new Map<ConformanceCheck, ConformanceResult>();
  const waiting = [...conformanceChecks];
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      results.set(check, await judge(check, context));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return conformanceChecks.flatMap((check) => results.get(check) ?? []);
}

async function judge(check: ConformanceCheck, context: ConformanceContext): Promise<ConformanceResult> {
  try {
    await check.run(context);
    return { check, verdict: "holds", reason: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { check, verdict: error instanceof NotOffered ? "not offered" : "fails", reason };
  }
}
