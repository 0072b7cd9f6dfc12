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

/** The servers side by side, a line for each sentence of the protocol, then why something fails, then a count. */
export function formatConformance(servers: ReadonlyMap<string, readonly ConformanceResult[]>): string {
  const columns = [...servers];
  const width = Math.max(11, ...columns.map(([name]) => name.length)) + 2;
  const lines: string[] = [];
  let section = "";
  columns[0]?.[1].forEach(({ check }, row) => {
    if (check.section !== section) lines.push("", (section = check.section));
    const verdicts = columns.map(([, results]) => (results[row]?.verdict ?? "").padEnd(width));
    lines.push(`  ${check.id.padEnd(4)} ${verdicts.join("")}${check.sentence}`);
  });
  const failures = columns.flatMap(([name, results]) =>
    results.flatMap(({ check, verdict, reason }) => (verdict === "fails" ? [`  ${name} ${check.id}: ${reason}`] : [])),
  );
  const counts = columns.map(([name, results]) => {
    const count = (wanted: Verdict) => results.filter(({ verdict }) => verdict === wanted).length;
    return `${name}: ${count("holds")} hold, ${count("fails")} fail, ${count("not offered")} not offered`;
  });
  const header = `       ${columns.map(([name]) => name.padEnd(width)).join("")}`;
  return [header, ...lines, ...(failures.length > 0 ? ["", "What fails", ...failures] : []), "", ...counts].join("\n");
}
