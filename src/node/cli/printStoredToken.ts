import { parseArgs } from "node:util";
import { readPrivateFile } from "../readPrivateFile.ts";
import { parseServerAddress } from "../serverAddress.ts";
import { type ServerEntry, parseSessionFile } from "../sessionFileFormat.ts";
import { findSessionFile } from "../sessionFilePath.ts";
import { isWorthUsing } from "../storedTokenAge.ts";
import type { CommandWorld } from "./commandWorld.ts";
import { exitCodes } from "./exitCodes.ts";
import { parseDuration } from "./parseDuration.ts";

const OPTIONS = {
  url: { type: "string" },
  "session-file": { type: "string" },
  "min-validity": { type: "string" },
  "dangerously-allow-http": { type: "boolean" },
} as const;

async function readEntry(
  { url, path }: { url: string | undefined; path: string },
  dangerouslyAllowHttp: boolean,
): Promise<ServerEntry | null> {
  const content = parseSessionFile((await readPrivateFile(path)) ?? "");
  if (content === "damaged" || content === "tooNew") return null;
  if (url) return content[parseServerAddress(url, { dangerouslyAllowHttp })] ?? null;
  const known = Object.entries(content).filter(([, { session, ended }]) => session !== null || ended !== null);
  const [only] = known;
  if (only === undefined || known.length > 1) return null;
  return parseServerAddress(only[0], { dangerouslyAllowHttp }) === only[0] ? only[1] : null;
}

/**
 * `stay-signed-in token` where that is one look into the session file: without the argument parser, the client and whatever
 * else takes longer to load than that look. Null in every other case, misuse and errors included, and nothing has happened
 * then: the command line proper says what there is to say.
 */
export async function printStoredToken(words: readonly string[], world: CommandWorld): Promise<number | null> {
  const { environment, output } = world;
  if (words[0] !== "token" || environment["STAY_SIGNED_IN_KEYRING"]) return null;
  try {
    const { values } = parseArgs({ args: words.slice(1), options: OPTIONS });
    const minValidityMs = values["min-validity"] === undefined ? 0 : parseDuration(values["min-validity"]);
    const place = findSessionFile(values["session-file"], environment);
    const url = values.url ?? environment["STAY_SIGNED_IN_URL"];
    const entry = await readEntry({ url, path: place.path }, values["dangerously-allow-http"] === true);
    const session = entry?.session ?? null;
    if (minValidityMs === null || entry === null || session === null || entry.owed.length > 0) return null;
    const now = Date.now();
    const { accessToken, accessTokenExpiresAt: expiresAt } = session;
    if (expiresAt === null || expiresAt - now <= minValidityMs || !isWorthUsing(session, now)) return null;
    output.write(`${accessToken}\n`);
    return exitCodes.done;
  } catch {
    return null;
  }
}
