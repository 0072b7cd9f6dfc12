/** A P-256 key with its private half, RFC 7518 §6.2. */
export interface PrivateKeyJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly d: string;
}

/** The key that a session is bound to, or where it lies instead. */
export type StoredKey = PrivateKeyJwk | "keyring";

/** A session as it lies in the file. Moments are wall-clock milliseconds. */
export interface StoredSession {
  readonly id: string | null;
  readonly number: number | null;
  readonly subject: string | null;
  readonly isGuest: boolean;
  /** Null where the server gives none in the body: the session then lasts as long as its access token. */
  readonly refreshToken: string | null;
  readonly accessToken: string;
  readonly accessTokenSentAt: number;
  /** Null: its lifetime is not known. */
  readonly accessTokenExpiresAt: number | null;
  readonly signedInAt: number;
  /** Each refresh must prove it. Absent: the session is bound to none. */
  readonly key?: StoredKey;
}

/** That a session was here and ended by itself: so that "ended" is never taken for "never was". */
export interface StoredEnd {
  readonly reason: "expired" | "revoked";
  readonly subject: string | null;
  readonly at: number;
}

/** A session that is over here and that the server has still to be told of. */
export interface OwedSignOut {
  readonly id: string | null;
  readonly refreshToken: string;
}

/** All that the file holds of one server. */
export interface ServerEntry {
  readonly session: StoredSession | null;
  readonly ended: StoredEnd | null;
  readonly owed: readonly OwedSignOut[];
}

export type SessionFileContent = Readonly<Record<string, ServerEntry>>;

export const emptyEntry: ServerEntry = { session: null, ended: null, owed: [] };

export const isEmptyEntry = ({ session, ended, owed }: ServerEntry): boolean =>
  session === null && ended === null && owed.length === 0;

const VERSION = 1;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isMoment = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isMomentOrNull = (value: unknown): value is number | null => value === null || isMoment(value);

const isKey = (value: unknown): value is PrivateKeyJwk =>
  isFields(value) &&
  value["kty"] === "EC" &&
  value["crv"] === "P-256" &&
  ["x", "y", "d"].every((name) => isText(value[name]));

const isSession = (value: unknown): value is StoredSession =>
  isFields(value) &&
  isTextOrNull(value["id"]) &&
  isMomentOrNull(value["number"]) &&
  isTextOrNull(value["subject"]) &&
  typeof value["isGuest"] === "boolean" &&
  isTextOrNull(value["refreshToken"]) &&
  isText(value["accessToken"]) &&
  isMoment(value["accessTokenSentAt"]) &&
  isMomentOrNull(value["accessTokenExpiresAt"]) &&
  isMoment(value["signedInAt"]) &&
  (value["key"] === undefined || value["key"] === "keyring" || isKey(value["key"]));

const isEnd = (value: unknown): value is StoredEnd =>
  isFields(value) &&
  (value["reason"] === "expired" || value["reason"] === "revoked") &&
  isTextOrNull(value["subject"]) &&
  isMoment(value["at"]);

const isOwed = (value: unknown): value is OwedSignOut =>
  isFields(value) && isTextOrNull(value["id"]) && isText(value["refreshToken"]);

const isEntry = (value: unknown): value is ServerEntry =>
  isFields(value) &&
  (value["session"] === null || isSession(value["session"])) &&
  (value["ended"] === null || isEnd(value["ended"])) &&
  Array.isArray(value["owed"]) &&
  value["owed"].every(isOwed);

/** The file's content; `damaged` and `tooNew` when it is none of ours. An empty text is damaged, not empty. */
export function parseSessionFile(text: string): SessionFileContent | "damaged" | "tooNew" {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return "damaged";
  }
  if (!isFields(body) || typeof body["version"] !== "number") return "damaged";
  if (body["version"] > VERSION) return "tooNew";
  const servers = body["servers"];
  if (body["version"] !== VERSION || !isFields(servers)) return "damaged";
  const entries = Object.entries(servers);
  return entries.every((entry): entry is [string, ServerEntry] => isEntry(entry[1]))
    ? Object.fromEntries(entries)
    : "damaged";
}

/** A key as {@link PrivateKeyJwk}, or null for anything else. */
export function parseKey(text: string): PrivateKeyJwk | null {
  try {
    const value: unknown = JSON.parse(text);
    return isKey(value) ? value : null;
  } catch {
    return null;
  }
}

export function formatSessionFile(content: SessionFileContent): string {
  return `${JSON.stringify({ version: VERSION, servers: content }, null, 2)}\n`;
}
