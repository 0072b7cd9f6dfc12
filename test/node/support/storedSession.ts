import type { ServerEntry, StoredSession } from "../../../src/node/sessionFileFormat.ts";
import { emptyEntry } from "../../../src/node/sessionFileFormat.ts";

export const address = "https://api.example/v1/auth";

export function makeStoredSession(changes: Partial<StoredSession> = {}): StoredSession {
  return {
    id: "session-1",
    number: 1,
    subject: "ada",
    isGuest: false,
    refreshToken: "refresh-1",
    accessToken: "access-1",
    accessTokenSentAt: 1_000,
    accessTokenExpiresAt: 901_000,
    signedInAt: 1_000,
    ...changes,
  };
}

export function makeEntry(changes: Partial<StoredSession> = {}): ServerEntry {
  return { ...emptyEntry, session: makeStoredSession(changes) };
}
