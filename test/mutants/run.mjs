// Takes the rules of the design out, one at a time, and shows who notices: the search by random programs, else the tests with
// a written ordering, else nobody. `npm run test:mutants [PROGRAMS] [WORD OF THE RULE]`.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const PROGRAMS = process.argv[2] ?? "600";
const ONLY = process.argv[3] ?? "";

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
    "if (aborted.aborted || isMet(wanted)) return DONE;\n        const noted",
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
    "const isNewcomer = told.token !== null && !isAtHome;",
    "const isNewcomer = told.token === null && isAtHome && isAtHome === null;",
  ],
  [
    "T: a hint that the server does not confirm is forgotten",
    "core/transition.ts",
    "if (known.hinted && isOpen(known) && state.settled) {",
    "if (state.acts < 0 && known.hinted) {",
  ],
  [
    "N2: an answer does not write over the note of a later session",
    "core/noteKeeper.ts",
    "compareSessions(note, known) > 0 && !isRefuted(note)",
    "compareSessions(note, known) > 1e18 && !isRefuted(note)",
  ],
  [
    "N5: after a wake-up no write at once but those by hand",
    "core/noteKeeper.ts",
    "if (!isByHand && clock.monotonicNow() < carefulUntil) lookAgain();",
    "if (clock.monotonicNow() < 0) lookAgain();",
  ],
  ["S5: whoever wakes pays what is owed", "core/lifecycle.ts", "void payOwed();", "void signOuts.payNow();"],
  [
    "N3: a note that has fallen behind is written",
    "core/noteKeeper.ts",
    "if (known !== null && isBehind()) notes.writeSession(known);",
    "",
  ],
  [
    "token and state in one assignment",
    "core/clientStore.ts",
    "accessToken.assign(token?.value ?? null)]",
    "() => accessToken.assign(token?.value ?? null)()]",
  ],
];

const found = { search: 0, tests: 0, nobody: 0 };
for (const [rule, file, code, replacement] of MUTANTS.filter(([rule]) => rule.includes(ONLY))) {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  for (const part of ["src", "test", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
    cpSync(part, join(folder, part), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "src", file);
  const source = readFileSync(path, "utf8");
  if (!source.includes(code)) throw new Error(`${rule}: the code of ${file} has changed; adapt the mutant.`);
  writeFileSync(path, source.replaceAll(code, replacement));
  const run = (...which) =>
    spawnSync(
      process.execPath,
      [
        join(folder, "node_modules", "vitest", "vitest.mjs"),
        "run",
        "--root",
        folder,
        "--project",
        "unit",
        "--bail",
        "1",
        ...which,
      ],
      { cwd: folder, encoding: "utf8", env: { ...process.env, PROGRAMS, SEED: "7" }, timeout: 900_000 },
    );
  const search = run("test/core/model");
  const isControl = rule.startsWith("nothing");
  if (isControl && search.status !== 0) throw new Error(`The control was caught:\n${search.stdout.slice(-2000)}`);
  if (search.status !== 0) {
    found.search += 1;
    const output = stripVTControlCharacters(search.stdout + search.stderr);
    const sentence = /Error: (?!Property failed)([^\n]+)/.exec(output)?.[1] ?? "";
    console.log(`by the search   ${rule}  (${sentence.slice(0, 100)})`);
  } else if (!isControl) {
    const tests = run("test/core", "test/server/rotation", "--exclude", "**/model.test.ts");
    const name = /FAIL[^\n]*? (test\/[^\n]+)/.exec(stripVTControlCharacters(tests.stdout + tests.stderr))?.[1] ?? "";
    found[tests.status === 0 ? "nobody" : "tests"] += 1;
    console.log(tests.status === 0 ? `no evidence     ${rule}` : `by a test       ${rule}  (${name.slice(0, 140)})`);
  } else console.log(`not caught      ${rule}`);
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `Rules whose absence was noticed, with ${PROGRAMS} programs for each set of conditions: ${found.search} by the search, ` +
    `${found.tests} by a test with a written ordering, ${found.nobody} by nobody`,
);
