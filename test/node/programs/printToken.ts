import { createNodeAuthClient } from "../../../src/node.ts";

// Prints one good access token, as any script would get it.
const [baseUrl = "", sessionFile = ""] = process.argv.slice(2);
// Patient, so that fifty of them on a busy machine show what becomes of the session and not how busy the machine is.
const auth = createNodeAuthClient({ baseUrl, sessionFile, requestTimeoutMs: 60_000 });
auth.start();
try {
  process.stdout.write(`${await auth.getAccessToken()}\n`);
} catch (error) {
  const { name, message, code } = error as Error & { code?: string };
  process.stdout.write(`${name} ${code}: ${message}\n`);
  process.exitCode = 9;
}
// Not disposed of: a script that is done ends all the same.
