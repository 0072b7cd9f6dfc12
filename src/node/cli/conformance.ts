import { AuthError } from "../../core/authError.ts";
import type { ConformanceResult } from "../conformance/runConformance.ts";
import { parseServerAddress } from "../serverAddress.ts";
import type { CommandWorld } from "./commandWorld.ts";
import { exitCodes, UsageError } from "./exitCodes.ts";
import { createTerminal, toPlainText } from "./terminal.ts";

export interface ConformanceCommandOptions {
  url?: string;
  grace?: number;
  json?: boolean;
  dangerouslyAllowHttp?: boolean;
}

const DEFAULT_GRACE_MS = 30_000;

/**
 * Asks a server every sentence of the protocol that can be seen from outside and prints what holds, what fails and why, and which
 * optional parts it does not offer. Exits with 1 when something fails.
 */
export async function conformance(world: CommandWorld, options: ConformanceCommandOptions): Promise<number> {
  const { url = world.environment["STAY_SIGNED_IN_URL"], grace = DEFAULT_GRACE_MS } = options;
  if (!url) throw new UsageError("Which server? Name the address of its auth endpoints with --url.");
  const baseUrl = parseServerAddress(url, { dangerouslyAllowHttp: options.dangerouslyAllowHttp === true });
  // Whoever only signs in need not load the checks.
  const { createConformanceContext } = await import("../conformance/conformanceContext.ts");
  const { runConformance } = await import("../conformance/runConformance.ts");
  const given = { baseUrl, graceSeconds: grace / 1_000 };
  const { print, say } = createTerminal(world);
  say(`Asking ${baseUrl}. It makes test accounts there, and waits for the grace time of ${grace / 1_000} s.`);
  try {
    await createConformanceContext(given).makeAccount();
  } catch (error) {
    throw explainUnreachable(baseUrl, error);
  }
  const results = await runConformance(given);
  if (options.json === true) {
    const rows = results.map(({ check: { id, section, sentence }, verdict, reason }) => ({
      id,
      section,
      sentence,
      verdict,
      reason,
    }));
    print(JSON.stringify(rows, null, 2));
  } else for (const line of describeConformance(results)) print(toPlainText(line));
  return results.some(({ verdict }) => verdict === "fails") ? exitCodes.unexpected : exitCodes.done;
}

/** The report, line by line: what holds in one line each, what fails with its reason. */
export function describeConformance(results: readonly ConformanceResult[]): string[] {
  const lines: string[] = [];
  let lastSection = "";
  for (const { check, verdict, reason } of results) {
    if (check.section !== lastSection) lines.push("", (lastSection = check.section));
    const sign = { holds: "ok  ", fails: "FAIL", "not offered": "-   " }[verdict];
    lines.push(`  ${sign} ${check.id.padEnd(4)} ${check.sentence}`);
    if (verdict === "fails") lines.push(`            ${reason}`);
    if (verdict === "not offered") lines.push(`            optional, and not offered here (${reason})`);
  }
  const count = (wanted: ConformanceResult["verdict"]): number =>
    results.filter(({ verdict }) => verdict === wanted).length;
  lines.push("", `${count("holds")} hold, ${count("fails")} fail, ${count("not offered")} optional and not offered`);
  if (count("fails") > 0) lines.push("What each sentence means, and why it is so: docs/protocol.md of stay-signed-in.");
  return lines;
}

function explainUnreachable(baseUrl: string, error: unknown): AuthError {
  const wasAnswered = error instanceof Error && error.message.startsWith("POST ");
  const message = wasAnswered
    ? error.message
    : `${baseUrl} was not reached. Is the server running, and the address right?`;
  return new AuthError("unavailable", message, { cause: error });
}
