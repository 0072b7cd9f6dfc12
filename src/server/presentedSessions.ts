import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord, Transport } from "./authStore.ts";
import type { CookieProfile } from "./cookieProfile.ts";
import type { RequestFacts } from "./requestFacts.ts";
import type { ChosenTransport } from "./startSession.ts";
import { type ParsedRefreshToken, parseRefreshToken } from "./refreshTokens.ts";

/** A session of which the request carries a genuine refresh token, whatever has become of it. */
export interface PresentedSession {
  readonly record: SessionRecord;
  /** The one with the highest counter, should the request carry several. */
  readonly token: ParsedRefreshToken;
}

/** Whether what was presented is what its owner holds: a dead token that was copied long ago proves nothing. */
export function isOwnersToken({ record: { session }, token }: PresentedSession): boolean {
  return token.counter === session.counter || token.counter === session.previous;
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

/** What the request carries of these sessions under a name, path or domain that the server has given up. */
export function formerCookiesOf(
  profile: CookieProfile,
  cookieHeader: string | undefined,
  sessionIds: readonly string[],
): readonly string[] {
  const former = profile.readFormer(cookieHeader);
  return former
    .filter(({ value }) => sessionIds.includes(parseRefreshToken(value)?.sessionId ?? ""))
    .map(({ name }) => name);
}

export function findSessionsInCookie(
  context: AuthServerContext,
  profile: CookieProfile,
  cookieHeader: string | undefined,
): Promise<readonly PresentedSession[]> {
  const cookies = [...profile.read(cookieHeader), ...profile.readFormer(cookieHeader)];
  return findPresentedSessions(
    context,
    cookies.map(({ value }) => value),
    "cookie",
  );
}

/** What comes along with a sign-in. */
export async function presentedWith(
  server: AuthServerContext,
  facts: RequestFacts,
  { profile }: ChosenTransport,
): Promise<readonly PresentedSession[]> {
  return profile === null ? [] : findSessionsInCookie(server, profile, facts.cookie);
}
