import { createSessionFile } from "../../../src/node/sessionFile.ts";
import { makeEntry } from "../support/storedSession.ts";

// Writes sessions numbered upwards from the first argument until it is killed or has written the last.
const [path = "", address = "", first = "1", last = "1000000"] = process.argv.slice(2);
const file = createSessionFile({ path, ownFolder: false });
const keepAlive = setInterval(() => undefined, 1_000);
try {
  for (let number = Number(first); number <= Number(last); number += 1) {
    await file.updateServer(address, () =>
      makeEntry({ number, refreshToken: `refresh-${number}-${"x".repeat(2_000)}` }),
    );
    if (number === Number(first)) process.stdout.write("writing\n");
  }
} catch (error) {
  const { name, message, code } = error as Error & { code?: string };
  process.stdout.write(`${name} ${code}: ${message}\n`);
  process.exitCode = 9;
}
clearInterval(keepAlive);
