import { isAuthError } from "../../core/authError.ts";
import type { User } from "../../core/register.ts";
import { emptyEntry, type ServerEntry } from "../sessionFileFormat.ts";
import type { CommandContext } from "./commandContext.ts";
import { exitCodes } from "./exitCodes.ts";
import { formatDuration } from "./parseDuration.ts";
import { type Terminal, toPlainText } from "./terminal.ts";

export interface StatusOptions {
  json?: boolean;
  offline?: boolean;
}

/** What `status --json` prints. Holds no token. */
export interface StatusReport {
  /** Null where no server is named and none is known. */
  address: string | null;
  status: "authenticated" | "unauthenticated";
  /** Why nobody is signed in. */
  reason: "none" | "expired" | "revoked" | null;
  subject: string | null;
  email: string | null;
  isGuest: boolean;
  /** Whether each renewal proves a key. */
  isBound: boolean;
  sessionId: string | null;
  accessTokenExpiresAt: string | null;
  /** Whether the server itself has said so just now. */
  verified: boolean;
}

/** Only what a terminal shows as it is: what a server sends may hold letters that turn the line around. */
const plain = (text: string | null | undefined): string | null => (text == null ? null : toPlainText(text));

function makeReport(address: string | null, { session, ended }: ServerEntry, user: User | null): StatusReport {
  return {
    address,
    status: session === null ? "unauthenticated" : "authenticated",
    reason: session === null ? (ended?.reason ?? "none") : null,
    subject: plain(session?.subject ?? ended?.subject),
    email: plain(user?.email),
    isGuest: session?.isGuest ?? false,
    isBound: session?.key !== undefined,
    sessionId: plain(session?.id),
    accessTokenExpiresAt:
      session === null || session.accessTokenExpiresAt === null
        ? null
        : new Date(session.accessTokenExpiresAt).toISOString(),
    verified: user !== null,
  };
}

const ENDINGS = {
  none: "Nobody is signed in",
  expired: "The session has expired",
  revoked: "The server ended the session",
};

function describe(report: StatusReport): string {
  if (report.status === "unauthenticated") {
    return `${ENDINGS[report.reason ?? "none"]} at ${report.address}. Sign in with: stay-signed-in login --url ${report.address}`;
  }
  const who = toPlainText(report.email ?? report.subject ?? "an unnamed user");
  const leftMs = report.accessTokenExpiresAt === null ? null : Date.parse(report.accessTokenExpiresAt) - Date.now();
  const token =
    leftMs === null
      ? "of unknown lifetime"
      : leftMs > 0
        ? `good for another ${formatDuration(leftMs)}`
        : "spent; the next use renews it";
  const bound = report.isBound ? "; the session is bound to a key" : "";
  return `Signed in as ${who}${report.isGuest ? " (guest)" : ""} at ${report.address}; the access token is ${token}${bound}.`;
}

/** Says who is signed in, as the server sees it, or as the file says with `--offline`. */
export async function status(context: CommandContext, options: StatusOptions): Promise<number> {
  const { terminal, address, auth, file } = context;
  let user: User | null = null;
  let unreached: string | null = null;
  if (!options.offline && (await file.readServer(address)).session !== null) {
    auth.start();
    try {
      user = await auth.fetchUser();
    } catch (error) {
      if (!isAuthError(error) || (error.code !== "sessionEnded" && error.code !== "unavailable")) throw error;
      if (error.code === "unavailable") unreached = error.message;
    }
  }
  // Read after the server was asked: it may have ended the session just now.
  const report = makeReport(address, await file.readServer(address), user);
  terminal.print(options.json ? JSON.stringify(report, null, 2) : describe(report));
  if (report.status === "unauthenticated") return exitCodes.signInNeeded;
  if (unreached === null) return exitCodes.done;
  terminal.say(`Not confirmed by the server: ${unreached}`);
  return exitCodes.unavailable;
}

/** Nobody has ever signed in here, and no server is named. */
export function statusWithoutServer(terminal: Terminal, options: StatusOptions): number {
  if (options.json) terminal.print(JSON.stringify(makeReport(null, emptyEntry, null), null, 2));
  else
    terminal.print(
      "Nobody is signed in. Sign in with: stay-signed-in login --url https://api.example/v1/auth (your server's address).",
    );
  return exitCodes.signInNeeded;
}
