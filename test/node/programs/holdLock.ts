import { takeFileLock } from "../../../src/node/fileLock.ts";

// Takes the lock, says so, and holds it until it is killed.
const [path = ""] = process.argv.slice(2);
await takeFileLock(path, new AbortController().signal);
process.stdout.write("held\n");
setInterval(() => undefined, 1_000);
