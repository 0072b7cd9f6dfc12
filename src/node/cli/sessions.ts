import { AuthError } from "../../core/authError.ts";
import { describeFailure } from "../../core/responses.ts";
import { describeClient } from "./describeClient.ts";
import type { CommandContext } from "./commandContext.ts";
import { exitCodes } from "./exitCodes.ts";
import { toPlainText } from "./terminal.ts";

interface ListedSession {
  id: string;
  isCurrent: boolean;
  isBound: boolean;
  client: string;
  lastUsedAt: string;
  expiresAt: string;
}

async function request(
  { auth, address, world, fetch }: CommandContext,
  path: string,
  method: string,
): Promise<Response> {
  const send = async (accessToken: string): Promise<Response> => {
    try {
      return await fetch(`${address}${path}`, {
        method,
        headers: { Authorization: `Bearer ${accessToken}`, Accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.any([world.interrupted, AbortSignal.timeout(10_000)]),
      });
    } catch (error) {
      throw new AuthError("unavailable", "The server was not reached. Try again later.", {
        cause: describeFailure(error),
      });
    }
  };
  const accessToken = await auth.getAccessToken();
  const response = await send(accessToken);
  const last =
    response.status === 401 ? await send(await auth.getAccessToken({ rejectedToken: accessToken })) : response;
  const { status } = last;
  if (last.ok) return last;
  if (status === 401)
    throw new AuthError("sessionEnded", "The server no longer accepts this session. Sign in.", { status });
  if (status === 404 || status === 405) {
    const what =
      method === "GET"
        ? "This server keeps no list of sessions."
        : "There is no such session of yours. See them with: stay-signed-in sessions";
    throw new AuthError("invalidInput", what, { status });
  }
  throw new AuthError("unavailable", `The server answered with status ${status}. Try again later.`, { status });
}

const toText = (value: unknown): string => (typeof value === "string" ? toPlainText(value) : "");

function parseSession(value: unknown): ListedSession | null {
  const { id, current, bound, client_name, user_agent, last_refreshed_at, expires_at } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof id !== "string") return null;
  const client = describeClient(toText(client_name), toText(user_agent));
  return {
    id: toPlainText(id),
    isCurrent: current === true,
    isBound: bound === true,
    client,
    lastUsedAt: toText(last_refreshed_at),
    expiresAt: toText(expires_at),
  };
}

async function readList(response: Response): Promise<ListedSession[]> {
  const body: unknown = await response.json().catch(() => null);
  if (!Array.isArray(body)) throw new AuthError("badResponse", "The server's answer holds no list of sessions.");
  return body.map(parseSession).filter((session) => session !== null);
}

/** Like `2026-11-25 09:41 UTC`, in whatever time zone the reader of a server's log is. */
function showMoment(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Lists the sessions of who is signed in, wherever they were begun. */
export async function listSessions(context: CommandContext, options: { json?: boolean }): Promise<number> {
  const { auth, terminal } = context;
  auth.start();
  const sessions = await readList(await request(context, "/sessions", "GET"));
  if (options.json) {
    terminal.print(JSON.stringify(sessions, null, 2));
    return exitCodes.done;
  }
  const rows = sessions.map(({ id, lastUsedAt, client, isBound }) => [
    id,
    showMoment(lastUsedAt),
    isBound ? `${client} (bound to a key)` : client,
  ]);
  const header = ["SESSION", "LAST USED", "CLIENT"];
  const widths = header.map((title, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const show = (row: readonly string[]): string =>
    row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ");
  terminal.print(`  ${show(header)}`.trimEnd());
  for (const [index, row] of rows.entries()) {
    terminal.print(`${sessions[index]?.isCurrent ? "*" : " "} ${show(row)}`.trimEnd());
  }
  terminal.say("* this one. End another with: stay-signed-in sessions --end SESSION");
  return exitCodes.done;
}

/** Ends one session, or with `others` all but this one. */
export async function endSessions(context: CommandContext, id: string | undefined, others: boolean): Promise<number> {
  const { auth, terminal } = context;
  auth.start();
  await request(context, id === undefined ? "/sessions" : `/sessions/${encodeURIComponent(id)}`, "DELETE");
  terminal.say(others ? "All other sessions were ended." : "The session was ended.");
  return exitCodes.done;
}
