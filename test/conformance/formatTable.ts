import type { ConformanceResult, Verdict } from "../../src/node/conformance/runConformance.ts";

/** The servers side by side, a line for each sentence of the protocol, then why something fails, then a count. */
export function formatTable(servers: ReadonlyMap<string, readonly ConformanceResult[]>): string {
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
