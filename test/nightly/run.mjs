// What is too long or too changeable for every run of the tests; each part ends with a line that says whether it held.
//   npm run nightly                                     all parts, an hour or more
//   npm run nightly -- --only search --programs 300     some parts, small
// Parts: `search` (random programs, other ones each time; a failure prints the shortest), `soak` (a real browser for some minutes),
// `javascript` and `python` (the newest axios, React, TanStack Query and Socket.IO, or fastapi-users, that our ranges allow, in a
// copy of the repository, with the tests that touch them).
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "search,soak,javascript,python" },
    programs: { type: "string", default: "40000" },
    minutes: { type: "string", default: "20" },
    /** Peers at versions that are named, `axios@1.20.0,react@19.0.0`, to find out since when something fails. */
    with: { type: "string", default: "" },
  },
});
const manifest = JSON.parse(await readFile("package.json", "utf8"));
const vitest = [join("node_modules", "vitest", "vitest.mjs"), "run"];
const parts = {
  search: () =>
    run(
      process.execPath,
      [...vitest, "--project", "unit", "test/core/model", "test/server/races", "test/server/fuzz"],
      {
        env: { SEED: "random", PROGRAMS: values.programs, SOAK: "1" },
      },
    ),
  soak: () => run(process.execPath, ["test/soak/soak.mjs", values.minutes]),
  javascript: () => inCopy(testNewestPeers),
  python: () => inCopy(testNewestPython),
};

const outcomes = [];
for (const name of values.only.split(",")) {
  if (parts[name] === undefined)
    throw new Error(`There is no part "${name}"; there are ${Object.keys(parts).join(", ")}.`);
  console.log(`\n## ${name}\n`);
  const startedAt = Date.now();
  const error = await parts[name]().then(
    () => null,
    (reason) => reason,
  );
  const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
  outcomes.push({ name, error, line: `${error === null ? "held" : "FAILED"}  ${name}, ${minutes} min` });
}
console.log(`\n## ${new Date().toISOString().slice(0, 10)}\n`);
for (const { line, error } of outcomes) console.log(error === null ? line : `${line}: ${error.message}`);
process.exitCode = outcomes.some(({ error }) => error !== null) ? 1 : 0;

async function testNewestPeers(folder) {
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
  const named = values.with.split(",").filter(Boolean);
  const ranges = ["axios", "react", "@tanstack/react-query", "socket.io", "socket.io-client"].map(
    (name) => `${name}@${manifest.peerDependencies[name]}`,
  );
  // The DOM's half of React has React's own version.
  const wanted = [...ranges, `react-dom@${manifest.peerDependencies.react}`];
  const chosen = wanted.filter((spec) => !named.some((other) => nameOf(other) === nameOf(spec)));
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", ...chosen, ...named], { cwd: folder });
  for (const spec of wanted) {
    const path = join(folder, "node_modules", nameOf(spec), "package.json");
    console.log(`with ${nameOf(spec)} ${JSON.parse(await readFile(path, "utf8")).version}`);
  }
  await run(process.execPath, [...vitest, "--project", "unit", "test/adapters"], { cwd: folder });
  await run(process.execPath, [...vitest, "--project", "dom", "test/react", "test/query"], { cwd: folder });
}

/** The requirements are ranges, and a copy has no environment yet: it gets the newest. */
async function testNewestPython(folder) {
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
  const tests = ["inNode", "conformance", "commandLine", "socketIo"].map((name) => `test/interop/${name}.test.ts`);
  await run(process.execPath, [...vitest, "--project", "interop", ...tests], {
    cwd: folder,
    env: { EVERY_TEST: "yes" },
  });
  const python = join("examples", "fastapi-users", ".venv", "bin", "python");
  await run(python, ["-m", "pip", "list", "--disable-pip-version-check"], { cwd: folder });
}

function nameOf(spec) {
  return spec.slice(0, spec.indexOf("@", 1));
}

/** In a copy of what git knows, or would: nothing that was installed here comes along. */
async function inCopy(test) {
  const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-nightly-"));
  try {
    const files = await read("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for (const file of files.split("\0").filter(Boolean)) await cp(file, join(folder, file));
    await test(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command, args, { cwd = process.cwd(), env = {} } = {}) {
  return new Promise((resolve, reject) => {
    spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" }).on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.slice(0, 6).join(" ")} … ended with ${code}`)),
    );
  });
}

function read(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (piece) => (output += piece));
    child.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}`))));
  });
}
