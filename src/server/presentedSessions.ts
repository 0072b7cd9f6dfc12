import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord, Transport } from "./authStore.ts";
import type { CookieProfile } from "./refreshCookie.ts";
import { type ParsedRefreshToken, parseRefreshToken } from "./refreshTokens.ts";

/** A session of which the request carries a genuine refresh token, whatever has become of it. */
export interface PresentedSession {
  readonly record: SessionRecord;
  /** The one with the highest counter, should the request carry several. */
  readonly token: ParsedRefreshToken;
}

/** More cookies of ours than any browser has sessions; the rest is not looked at. */
const MAX_TOKENS = 64;

/** The genuine sessions among `texts`, the one with the highest session number first. */
export async function findPresentedSessions(
  { store, refreshTokens }: AuthServerContext,
  texts: readonly string[],
  transport: Transport,
): Promise<readonly PresentedSession[]> {
  const tokens = texts.slice(0, MAX_TOKENS).flatMap((text) => parseRefreshToken(text) ?? []);
  if (tokens.length === 0) return [];
  const records = await store.readSessions([...new Set(tokens.map(({ sessionId }) => sessionId))]);
  const presented = await Promise.all(
    records
      .filter(({ session }) => session.transport === transport)
      .map(async (record): Promise<PresentedSession | null> => {
        const candidates = tokens.filter(({ sessionId }) => sessionId === record.session.id);
        for (const token of candidates.toSorted((a, b) => b.counter - a.counter)) {
          if (await refreshTokens.isGenuine(token, record.session)) return { record, token };
        }
        return null;
      }),
  );
  return presented
    .filter((session) => session !== null)
    .toSorted((a, b) => b.record.session.number - a.record.session.number);
}

export function findSessionsInCookie(
  context: AuthServerContext,
  profile: CookieProfile,
  cookieHeader: string | undefined,
): Promise<readonly PresentedSession[]> {
  return findPresentedSessions(
    context,
    profile.read(cookieHeader).map(({ value }) => value),
    "cookie",
  );
}
