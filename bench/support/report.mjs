// One part's result: a title, columns, rows, the aims with what was reached, and all raw numbers for the file.
import { pathToFileURL } from "node:url";

export function formatPart({ title, note, columns, rows, aims = [] }) {
  const lines = [`### ${title}`, ""];
  if (note) lines.push(note, "");
  lines.push(
    `| ${columns.join(" | ")} |`,
    `|${columns.map((_, index) => (index === 0 ? " --- " : " ---: ")).join("|")}|`,
  );
  for (const row of rows) lines.push(`| ${row.join(" | ")} |`);
  if (aims.length > 0) lines.push("");
  for (const { aim, reached, isMet } of aims) lines.push(`- ${isMet ? "met" : "**missed**"}: ${aim}: ${reached}`);
  return `${lines.join("\n")}\n`;
}

export const printPart = (part) => console.log(formatPart(part));

/** Runs a part when its file is what was started. */
export async function runAlone(url, part) {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== url) return;
  const result = await part({ isQuick: process.argv.includes("--quick") });
  printPart(result);
  if (process.argv.includes("--raw")) for (const run of result.raw ?? []) say(JSON.stringify(run));
}

/** What is said while a part runs; the table alone goes to stdout. */
export const say = (text) => void process.stderr.write(`${text}\n`);
