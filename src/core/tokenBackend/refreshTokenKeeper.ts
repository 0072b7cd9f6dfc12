import type { TokenBackendPlatform } from "./tokenBackendOptions.ts";
import type { TokenStore } from "./tokenStore.ts";

/** A session as this browser keeps it for a server that hands its refresh token to scripts. */
export interface HeldSession {
  /** Greater than that of every session before it in this browser. */
  readonly number: number;
  readonly id: string;
  readonly refreshToken: string;
  /** Which of its refresh tokens this is. */
  readonly count: number;
  readonly subject: string | null;
  /** The user that the sign-in brought, where the description asks for that one. */
  readonly user?: unknown;
}

/** A session that ended here, and of which the server has still to be told. */
export interface OwedSignOut {
  readonly id: string;
  readonly refreshToken: string;
}

interface Ended {
  /** Sessions up to this number are over, whatever is written under the other key. */
  readonly through: number;
  readonly owed: readonly OwedSignOut[];
}

export interface RefreshTokenKeeper {
  /** The session that may be refreshed, or null. */
  current(): Promise<HeldSession | null>;
  /** Keeps the tokens of a sign-in. */
  begin(session: Omit<HeldSession, "number" | "id" | "count"> & { readonly id: string | null }): Promise<HeldSession>;
  /**
   * Keeps what a refresh of `held` brought. Null: the session has ended or another one has begun since it left; then nothing
   * is kept but that the new refresh token has to be signed out.
   */
  renew(held: HeldSession, changes: Partial<HeldSession>): Promise<HeldSession | null>;
  /** Remembers whose session it is, so that the server need be asked but once. */
  identify(held: HeldSession, subject: string): Promise<void>;
  /** Forgets a refresh token that the server refused, if it is still the one in use. */
  drop(held: HeldSession): Promise<void>;
  /** Ends the session of that id, or whichever there is for null. */
  end(id: string | null): Promise<void>;
  /** What the server has to be told of the session of that id, or of all for null. */
  owed(id: string | null): Promise<readonly OwedSignOut[]>;
  told(owed: OwedSignOut): Promise<void>;
}

const NOTHING_ENDED: Ended = { through: 0, owed: [] };

/**
 * Keeps the refresh token for the client. That a session has ended stands under a key of its own, which only ever grows: however
 * late the answer to another tab's refresh writes, its token belongs to a session that is over.
 */
export function createRefreshTokenKeeper({
  store,
  namespace,
  platform: { clock, random },
  adopt,
}: {
  readonly store: TokenStore;
  readonly namespace: string;
  readonly platform: Pick<TokenBackendPlatform, "clock" | "random">;
  readonly adopt: (() => string | null | undefined) | undefined;
}): RefreshTokenKeeper {
  const sessionKey = `${namespace}:refresh-token`;
  const endedKey = `${namespace}:ended`;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: a store may be slow, and what is read must still be so when it is written. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  async function readEnded(): Promise<Ended> {
    const value = parse(await store.getItem(endedKey));
    if (typeof value?.["through"] !== "number" || !Array.isArray(value["owed"])) return NOTHING_ENDED;
    return { through: value["through"], owed: value["owed"].filter(isOwed) };
  }

  async function readSession(): Promise<HeldSession | null> {
    const value = parse(await store.getItem(sessionKey));
    return isHeld(value) ? value : null;
  }

  async function readCurrent(): Promise<HeldSession | null> {
    const [session, { through }] = [await readSession(), await readEnded()];
    if (session !== null && session.number > through) return session;
    if (session !== null) await store.removeItem(sessionKey);
    // Once: an old token that its place still has must not undo the end of the session that it became.
    const refreshToken = through === 0 ? adopt?.() : null;
    return typeof refreshToken === "string" && refreshToken !== ""
      ? write(await createSession({ id: null, refreshToken, subject: null }))
      : null;
  }

  async function createSession(
    session: Omit<HeldSession, "number" | "id" | "count"> & { readonly id: string | null },
  ): Promise<HeldSession> {
    const last = Math.max((await readSession())?.number ?? 0, (await readEnded()).through);
    const number = Math.max(clock.now(), last + 1);
    return { ...session, number, count: 1, id: session.id ?? `local-${number}-${random().toString(36).slice(2, 10)}` };
  }

  async function write(session: HeldSession): Promise<HeldSession> {
    await store.setItem(sessionKey, JSON.stringify(session));
    return session;
  }

  const writeEnded = async (ended: Ended): Promise<void> => {
    await store.setItem(endedKey, JSON.stringify(ended));
  };

  async function owe(owed: OwedSignOut, through: number): Promise<void> {
    const ended = await readEnded();
    const others = ended.owed.filter(({ refreshToken }) => refreshToken !== owed.refreshToken);
    await writeEnded({ through: Math.max(ended.through, through), owed: [...others, owed] });
  }

  return {
    current: () => inTurn(readCurrent),
    begin: (session) => inTurn(async () => write(await createSession(session))),
    renew: (held, changes) =>
      inTurn(async () => {
        const current = await readCurrent();
        if (current?.number === held.number) return write({ ...current, ...changes, count: current.count + 1 });
        const { refreshToken } = changes;
        if (refreshToken !== undefined && refreshToken !== held.refreshToken)
          await owe({ id: held.id, refreshToken }, held.number);
        return null;
      }),
    identify: (held, subject) =>
      inTurn(async () => {
        const current = await readCurrent();
        if (current?.number === held.number && current.subject !== subject) await write({ ...current, subject });
      }),
    drop: (held) =>
      inTurn(async () => {
        const current = await readSession();
        if (current?.number !== held.number || current.refreshToken !== held.refreshToken) return;
        const ended = await readEnded();
        await writeEnded({ ...ended, through: Math.max(ended.through, held.number) });
        await store.removeItem(sessionKey);
      }),
    end: (id) =>
      inTurn(async () => {
        const current = await readCurrent();
        if (current === null || (id !== null && id !== current.id)) return;
        await owe({ id: current.id, refreshToken: current.refreshToken }, current.number);
        await store.removeItem(sessionKey);
      }),
    owed: (id) => inTurn(async () => (await readEnded()).owed.filter((owed) => id === null || owed.id === id)),
    told: ({ refreshToken }) =>
      inTurn(async () => {
        const ended = await readEnded();
        await writeEnded({ ...ended, owed: ended.owed.filter((owed) => owed.refreshToken !== refreshToken) });
      }),
  };
}

function parse(text: string | null | undefined): Record<string, unknown> | null {
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const isOwed = (value: unknown): value is OwedSignOut =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as OwedSignOut).id === "string" &&
  typeof (value as OwedSignOut).refreshToken === "string";

const isHeld = (value: unknown): value is HeldSession =>
  isOwed(value) &&
  typeof (value as unknown as HeldSession).number === "number" &&
  typeof (value as unknown as HeldSession).count === "number";
