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
  ["nothing (the control)", "core/session.ts", "if (order !== 0)", "if (order !== 0)"],
  ["K2: a session only grows", "core/transition.ts", "if (order < 0) return stay(state);", ""],
  ["K2: of two tokens the later one stays", "core/session.ts", "compareTokens(theirs.token, mine.token) <= 0", "false"],
  [
    "K5: an ended session is never open again",
    "core/session.ts",
    "if (gain !== 0) return gain > 0",
    "if (gain < 0) return theirs;\n  if (gain !== 0) return gain > 0",
  ],
  [
    "K5: nor by the token of a sibling who has not heard of its sign-out",
    "core/transition.ts",
    "if (isOpen(told) && !isSignedOut) return",
    "if (isOpen(told)) return",
  ],
  [
    "K5: nor by the server that has not heard of it",
    "core/transition.ts",
    'if (unverified?.end === "signedOut" && isSameSession(unverified, answer)) {',
    "if (state === null) {",
  ],
  ["K6: numbers where the server draws none", "core/answers.ts", "known?.number ?? stamped", "known?.number ?? 0"],
  [
    "K6: a session that a refresh found is as old as the request",
    "core/answers.ts",
    "isRefresh ? sent.sentAt : now",
    "now",
  ],
  [
    "R1: a late answer is dropped",
    "core/transition.ts",
    "if (hasChanged(state, snapshot)) {\n    // R1",
    "if (state === null) {\n    // R1",
  ],
  [
    "R2: a lower session is refused",
    "core/transition.ts",
    "if (order > 0 || (order === 0 && isOpen(session))) {",
    "if (state !== null) {",
  ],
  [
    "R2 and T4: no answer is refused for a number that was merely told",
    "core/transition.ts",
    "if (order > 0 || (order === 0 && isOpen(session))) {",
    "if ((unverified === null || compareSessions(answer, unverified) >= 0) && (order > 0 || (order === 0 && isOpen(session)))) {",
  ],
  [
    "R2 and T4: a record that the server has refuted is overwritten",
    "core/transition.ts",
    "[publish([snapshot.unverified])]",
    "[publish()]",
  ],
  [
    "R3: a refusal closes only the session that it was sent for",
    "core/transition.ts",
    "if (hasChanged(state, snapshot)) return stay(state); // R3",
    "",
  ],
  [
    "R3: nor does it answer for what was told since",
    "core/transition.ts",
    "if (unverified !== snapshot.unverified && isInQuestion(state)) return stay(state);",
    "",
  ],
  [
    "R3: only a definitive answer ends a session",
    "core/responses.ts",
    'return { kind: "transient", error,',
    'if (status >= 500) return { kind: "ended", reason: "expired", coded: true };\n  return { kind: "transient", error,',
  ],
  [
    "S3: the sign-out names its session",
    "core/createHttpBackend.ts",
    'session === null || session.id === "" ? {} : { session_id: session.id }',
    "{}",
  ],
  [
    "S4: an overtaken sign-in is not shown",
    "core/transition.ts",
    "if (state.epoch !== snapshot.epoch) {",
    "if (state === null) {",
  ],
  [
    "S5: a pending sign-out is repeated",
    "core/signOutQueue.ts",
    "pending.failures += 1;\n          armRetry();",
    "queue.delete(pending);",
  ],
  [
    "S5: whoever wakes tells of the sign-outs that are pending",
    "core/lifecycle.ts",
    "void signing.flushSignOuts(); // S5",
    "",
  ],
  [
    "S5: whoever starts tells of them first",
    "core/lifecycle.ts",
    "if (!(await signing.flushSignOuts())) return",
    "if (waits === null) return",
  ],
  [
    "S6: a start-up without an answer shows nobody signed out",
    "core/transition.ts",
    'return unverified.end === "open" ? stay(state) :',
    "return",
  ],
  [
    "L2 and L3: the wait for the lock is bounded",
    "core/refreshLock.ts",
    "const cancel = clock.setTimer(abort, boundMs);",
    "const cancel = (): void => {};",
  ],
  [
    "L4: the lock",
    "core/refreshLock.ts",
    "if (lock === undefined) return work(false);",
    "if (lock !== null) return work(false);",
  ],
  [
    "L4: look again inside the lock",
    "core/refresh.ts",
    "if (await isMadeUnneeded(flight, wanted, waited)) return DONE;",
    "",
  ],
  [
    "B: the back-off that all tabs share",
    "core/pacing.ts",
    'const sharedAt = urgency === "due" ? nextAt : Math.min(nextAt, earlyAt + EARLY_EVERY_MS);',
    "const sharedAt = 0;",
  ],
  [
    "N2: an answer does not write over the record of a later session",
    "core/record.ts",
    "if (written !== null && compareSessions(written, session) > 0 && !isOneOf(written, refuted)) return false;",
    "",
  ],
  [
    "N2: a tab that knows no session writes none",
    "core/record.ts",
    "if (isNobody(session) && !session.pendingSignOut && !(written !== null && isNobody(written))) return false;",
    "",
  ],
  [
    "N3: a record that has fallen behind is written",
    "core/record.ts",
    "if (session !== null && isBehind()) write(sessionKey(namespace), toWritten(session));",
    "",
  ],
  [
    "N3: but not by a timer that fires late",
    "core/record.ts",
    "if (clock.monotonicNow() > dueAt + LATE_MS) return keepUp();",
    "",
  ],
  [
    "N4: whoever is told of less answers with what it has",
    "core/tabs.ts",
    "if (now !== null && isBelow(told, now)) tell(); // N4",
    "",
  ],
  ["N4: whoever wakes tells", "core/lifecycle.ts", "tabs.tell(); // N4", ""],
  [
    "N5: after a wake-up no write at once but those by hand",
    "core/record.ts",
    "if (!byHand && clock.monotonicNow() < carefulUntil) {",
    "if (clock.monotonicNow() < 0) {",
  ],
  [
    "T1: messages of another version are ignored",
    "core/tabs.ts",
    '!isFields(message) || message["version"] !== VERSION',
    "!isFields(message)",
  ],
  [
    "T1: a session without a number that makes sense is ignored",
    "core/record.ts",
    'if (!isMoment(number) || typeof id !== "string" || id.length > 200) return null;',
    "",
  ],
  [
    "T1: a token whose claims contradict the message is ignored",
    "core/tabs.ts",
    "if (identity === null || identity.subject !== subject) return bare;",
    "if (identity === null) return bare;",
  ],
  [
    "T2: a message is shown only when the record agrees",
    "core/tabs.ts",
    'return isSameSession(written, told) && (written?.end === "open") === (told.end === "open");',
    "return written !== undefined;",
  ],
  [
    "T3: an end that was merely told is not shown",
    "core/transition.ts",
    'if (isOpen(told) || told.end === "signedOut" || isConfirmed) {',
    "if (state !== null) {",
  ],
  [
    "T3: the server is asked about what was told",
    "core/schedule.ts",
    "if (isInQuestion(state))\n",
    "if (state === null)\n",
  ],
  [
    "T3: at most once a floor",
    "core/schedule.ts",
    "Math.max(clock.now(), verifiedAt + refreshFloorMs(lifetimeMs))",
    "clock.now()",
  ],
  [
    "T3: its answer clears the question",
    "core/transition.ts",
    "const isAnswered = unverified === snapshot.unverified;",
    "const isAnswered = false;",
  ],
  [
    "T4: no sign-out is sent because of what was told while a session is open",
    "core/signing.ts",
    "[session, isOpen(session) ? null : unverified]",
    "[session, unverified]",
  ],
  [
    "T4: hearsay is not passed on",
    "core/tabs.ts",
    'if (session.end === "signedOut" && unverified?.pendingSignOut) post',
    "if (unverified !== null) post",
  ],
  [
    "T5: a later session's sign-out is obeyed when the record agrees",
    "core/transition.ts",
    'if (told.end === "signedOut" && isOpen(session)) {',
    "if (state === null) {",
  ],
  [
    "T5: but its number is not taken",
    "core/transition.ts",
    'return become(state, closeSession(session, "signedOut"), [], { unverified: told });',
    "return become(state, told, []);",
  ],
  [
    "token and state in one assignment",
    "core/store.ts",
    "accessToken.assign(isOpen(state.session) ? state.session.token.value : null),",
    "() => accessToken.assign(isOpen(state.session) ? state.session.token.value : null)(),",
  ],
  ["the cookie a session", "server/sessionId.ts", "return sessionId.slice(0, 8);", 'return "one";'],
  [
    "the grace time",
    "server/decideRotation.ts",
    "if (graceStart < Math.max(rotatedAt, repeatedAt)) {",
    "if (graceStart > 1e18) {",
  ],
  [
    "the dead number",
    "server/decideRotation.ts",
    "nextCounter: counter + 1, nextPrevious: previous, graceMs };",
    "nextCounter: counter, nextPrevious: previous, graceMs };",
  ],
];

/** The file without the rule: one place of it, so that each rule is taken out alone. */
function mutate(rule, file, code, replacement) {
  const parts = readFileSync(join("src", file), "utf8").split(code);
  if (parts.length !== 2) throw new Error(`${rule}: ${file} has the code ${parts.length - 1} times; adapt the mutant.`);
  return parts.join(replacement);
}
// All of them first: a run takes long, and is not to fail at its end.
for (const mutant of MUTANTS) mutate(...mutant);

const folder = mkdtempSync(join(tmpdir(), "mutant-"));
for (const part of ["src", "test", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
  cpSync(part, join(folder, part), { recursive: true });
symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));

const found = { search: 0, tests: 0, nobody: 0 };
for (const [rule, file, code, replacement] of MUTANTS.filter(([rule]) => rule.includes(ONLY))) {
  const path = join(folder, "src", file);
  writeFileSync(path, mutate(rule, file, code, replacement));
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
      { cwd: folder, encoding: "utf8", env: { ...process.env, PROGRAMS, SEED: "7", SHRINK: "no" }, timeout: 900_000 },
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
  cpSync(join("src", file), path);
}
rmSync(folder, { recursive: true, force: true });
console.log(
  `Rules whose absence was noticed, with ${PROGRAMS} programs for each set of conditions: ${found.search} by the search, ` +
    `${found.tests} by a test with a written ordering, ${found.nobody} by nobody`,
);
