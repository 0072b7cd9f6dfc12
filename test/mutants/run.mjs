// Takes the rules of the design out, one at a time, and shows that the search by random programs notices: a rule whose
// absence nothing notices is printed as such. `npm run test:mutants [PROGRAMS]`.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS = process.argv[2] ?? "600";

// Without a mutant nothing may be caught, or the catches below say nothing.
const MUTANTS = [
  ["nothing (the control)", "core/knowledge.ts", "if (order !== 0)", "if (order !== 0)"],
  [
    "K2: knowledge only grows",
    "core/knowledge.ts",
    "if (order !== 0) return order > 0 ? theirs : mine;",
    "if (order !== 0) return theirs;",
  ],
  [
    "K5: an ended session is never open again",
    "core/knowledge.ts",
    "if (gain !== 0) return gain > 0",
    "if (gain !== 0) return true",
  ],
  ["R1: a late answer is dropped", "core/transition.ts", "if (hasChanged(state, basis)) {", "if (basis === null) {"],
  [
    "R2: a lower session is refused",
    "core/transition.ts",
    "if (order > 0 || (order === 0 && (isOpen(known) || known.hinted))) return know(knowledge);",
    "if (order !== 1e9) return know(knowledge);",
  ],
  [
    "R3: a refusal closes only the session it was sent for",
    "core/transition.ts",
    "if (hasChanged(state, event.basis)) return stay;",
    "",
  ],
  [
    "R3: only a definitive answer ends a session",
    "core/responses.ts",
    'return { kind: "transient", error,',
    'if (status >= 500) return { kind: "ended", reason: "expired", coded: true };\n  return { kind: "transient", error,',
  ],
  [
    "S4: an overtaken sign-in is not shown",
    "core/transition.ts",
    "const overtaken = state.acts !== basis.acts;",
    "const overtaken = state.acts < 0;",
  ],
  [
    "S5: an owed sign-out is repeated",
    "core/signOutQueue.ts",
    "owed.failures += 1;\n          armRetry();",
    "queue.splice(queue.indexOf(owed), 1);",
  ],
  [
    "S3: the sign-out names its session",
    "core/createHttpBackend.ts",
    'session === null || session.id === "" ? {} : { session_id: session.id }',
    "{}",
  ],
  ["the cookie a session", "server/refreshCookie.ts", "shortSessionId(sessionId)", '"one"'],
  ["the grace time", "server/decideRotation.ts", "if (graceStart < rotatedAt)", "if (graceStart > rotatedAt + 1e15)"],
  [
    "the dead number",
    "server/decideRotation.ts",
    "nextCounter: counter + 1, nextPrevious: previous, graceMs };",
    "nextCounter: counter, nextPrevious: previous, graceMs };",
  ],
  [
    "L4: look again inside the lock",
    "core/refresher.ts",
    "if (aborted.aborted || isMet(wanted, forced)) return DONE;\n        const noted",
    "const noted",
  ],
  [
    "L4: the lock",
    "core/refreshLock.ts",
    "if (lock === undefined) return work(false);",
    "if (lock !== null) return work(false);",
  ],
  [
    "L2, L3: the wait for the lock is bounded",
    "core/refreshLock.ts",
    "const cancel = clock.setTimer(abort, boundMs);",
    "const cancel = (): void => {};",
  ],
  ["B: the back-off", "core/refresher.ts", "if (allowedAt > clock.now()) {", "if (allowedAt < 0) {"],
  ["K6: numbers where the server draws none", "core/answers.ts", "(continues ? held.number :", "(0 > 1 ? 0 :"],
  [
    "T: a newcomer confirms a token first",
    "core/createAuthClient.ts",
    "if (isNewcomer && !(wasAsked && notes.isShared && isNoted(told))) void confirm(told);\n      else",
    "",
  ],
  [
    "N3: a note that has fallen behind is written",
    "core/noteKeeper.ts",
    "if (known !== null && isBehind()) notes.writeSession(known);",
    "",
  ],
  [
    "token and state in one assignment",
    "core/createAuthClient.ts",
    "accessToken.assign(token?.value ?? null)",
    "() => accessToken.assign(token?.value ?? null)()",
  ],
];

let caught = 0;
for (const [rule, file, code, replacement] of MUTANTS) {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  for (const part of ["src", "test", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
    cpSync(part, join(folder, part), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "src", file);
  const source = readFileSync(path, "utf8");
  if (!source.includes(code)) throw new Error(`${rule}: the code of ${file} has changed; adapt the mutant.`);
  writeFileSync(path, source.replaceAll(code, replacement));
  const vitest = join(folder, "node_modules", "vitest", "vitest.mjs");
  const { status, stdout } = spawnSync(
    process.execPath,
    [vitest, "run", "--root", folder, "--project", "unit", "test/core/model", "--bail", "1"],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PROGRAMS, SEED: "7" },
      timeout: 600_000,
    },
  );
  if (rule.startsWith("nothing") && status !== 0) throw new Error(`The control was caught:\n${stdout.slice(-2000)}`);
  const sentence = /Got Error: ([^\n]+)/.exec(stdout)?.[1] ?? /Error: ([^\n]+)/.exec(stdout)?.[1] ?? "";
  if (status !== 0) caught += 1;
  console.log(
    `${status === 0 ? "no evidence" : "caught     "}  ${rule}${status === 0 ? "" : `  (${sentence.slice(0, 90)})`}`,
  );
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `${caught} of ${MUTANTS.length - 1} rules were missed when they were taken out, in ${PROGRAMS} programs for each set of conditions`,
);
