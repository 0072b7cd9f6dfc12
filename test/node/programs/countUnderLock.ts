import { readFile, writeFile } from "node:fs/promises";
import { takeFileLock } from "../../../src/node/fileLock.ts";

// Adds one to a number in a file, as many times as told; without the lock, counts would be lost.
const [lockPath = "", countPath = "", times = "1"] = process.argv.slice(2);
const keepAlive = setInterval(() => undefined, 1_000);
for (let done = 0; done < Number(times); done += 1) {
  const held = await takeFileLock(lockPath, new AbortController().signal);
  const count = Number(await readFile(countPath, "utf8"));
  await new Promise((resolve) => setImmediate(resolve));
  await writeFile(countPath, String(count + 1));
  await held.release();
}
clearInterval(keepAlive);
