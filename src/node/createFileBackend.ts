import { createProver } from "../bound/createProver.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { Backend, BackendCall, RefreshOutcome } from "../core/backend.ts";
import { isOfAnother } from "../core/token.ts";
import type { Clock } from "../core/ports.ts";
import { type BodyExchange, openBodyExchange } from "../core/bodyTransport.ts";
import { isSignInChallenge } from "../core/signInChallenge.ts";
import { BINDING_REQUIRED, bindingRequired } from "./bindingRequired.ts";
import { asOwed, createOwedSignOuts } from "./owedSignOuts.ts";
import { SessionFileError } from "./sessionFileError.ts";
import type { OwedSignOut, StoredSession } from "./sessionFileFormat.ts";
import type { OpenedKey, SessionKeys } from "./sessionKeys.ts";
import type { SessionStore } from "./sessionStore.ts";
import { toStoredSession, toTokenAnswer } from "./storedSession.ts";
import { isStillGood, isWorthUsing } from "./storedTokenAge.ts";

type WholeBackend = Required<Omit<Backend, "tokens" | "start" | "signInBy">>;

/** What a sign-in asks the server for. */
type Ask<Answer> = (call: BackendCall) => Promise<Answer>;

export interface FileBackend extends WholeBackend {
  /** Makes a sign-in of any kind keep the refresh token of its answer; `key` is one that was proved for it already. */
  signInBy<A extends Awaited<ReturnType<Backend["signIn"]>>>(
    call: BackendCall,
    ask: Ask<A>,
    key?: OpenedKey | null,
  ): Promise<A>;
}

export interface FileBackendOptions {
  /** Speaks to the server; this one gives it the refresh token and keeps what it gets. */
  inner: WholeBackend;
  file: SessionStore;
  address: string;
  clock: Clock;
  keys: SessionKeys;
  /** Keeps other processes from presenting what this one presents. */
  lockExchange: (signal: AbortSignal) => Promise<{ release(): Promise<void> }>;
  /** For what the server has to be told apart from any call. */
  fetch: typeof globalThis.fetch;
  refreshAheadMs?: number | undefined;
}

const REREAD_FOR_MS = 200;
const REREAD_EVERY_MS = 50;
const MOST_ROUNDS = 4;
const LONGEST_EXCHANGE_MS = 30_000;

/**
 * A backend whose refresh tokens lie in the session file. What the server issues is in the file before anybody gets the access
 * token of it, so a process that dies in between loses nothing. The file is read anew at each refresh: another process may have
 * done it already, and its access token will do. A rejection counts only if the file still holds the token that was rejected.
 *
 * A refresh token that was presented is not presented again, by any process, before its answer is here or 30 s have passed. Whoever
 * has given up waiting meanwhile (a short time-out, a machine that is busy) finds the answer in the file the next time.
 */
export function createFileBackend(options: FileBackendOptions): FileBackend {
  const { inner, file, address, clock, keys, lockExchange, fetch, refreshAheadMs } = options;
  const prove = createProver();
  // Whoever asks again has no use for the token that it was given last.
  let lastHandedOut: string | null = null;
  // Rotated on the server and not yet in the file, since the disk refused it.
  let unsaved: { presented: string; session: StoredSession } | null = null;
  // Goes on when its caller gives up: its answer may be the only one that holds the next refresh token.
  let underWay: Promise<RefreshOutcome | null> | null = null;

  const now = (): number => clock.now();
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      clock.setTimer(resolve, delayMs);
    });

  function withExchange(
    call: BackendCall,
    refreshToken: string | null,
    key: OpenedKey | null = null,
  ): { exchange: BodyExchange; call: BackendCall } {
    const proving = prove(call.fetch, async () => key?.key ?? null);
    const exchange = openBodyExchange(proving, refreshToken, now);
    return { exchange, call: { ...call, fetch: exchange.fetch } };
  }

  const { tell, tellLater } = createOwedSignOuts({
    file,
    address,
    fetch,
    signOut: (session, accessToken, call) => inner.signOut(session, accessToken, call),
    presenting: (refreshToken, call) => withExchange(call, refreshToken).call,
  });

  /** Asks for a session that is bound to `key`, where the server binds any, and keeps it. */
  async function signInBy<A extends Awaited<ReturnType<Backend["signIn"]>>>(
    call: BackendCall,
    ask: Ask<A>,
    given?: OpenedKey | null,
  ): Promise<A> {
    // A session that could not be kept is not asked for.
    await file.assertWritable(address, { replaceDamaged: true });
    const key = given === undefined ? await keys.begin() : given;
    const { exchange, call: exchangeCall } = withExchange(call, null, key);
    const answer = await ask(exchangeCall).catch((error: unknown) => {
      throw isAuthError(error) && error.serverCode === BINDING_REQUIRED ? bindingRequired(error.status) : error;
    });
    if (isSignInChallenge(answer) || isOfAnother(answer, call.subject)) return answer;
    const session = toStoredSession(answer, exchange, {
      before: null,
      key: exchange.isProofRead() ? key?.stored : undefined,
    });
    let replaced = false;
    await file.updateServer(
      address,
      (entry) => {
        replaced = entry.session !== null || entry.owed.length > 0;
        return { session, ended: null, owed: [...entry.owed, ...asOwed(entry.session)] };
      },
      { replaceDamaged: true },
    );
    lastHandedOut = session.accessToken;
    if (replaced) tellLater();
    return answer;
  }

  /** Puts `next` in the place of what `presented` was presented for; false when the file has gone on since. */
  async function replaceSession(presented: string, next: StoredSession): Promise<boolean> {
    let done = false;
    await file.updateServer(address, (entry) => {
      done = entry.session?.refreshToken === presented;
      if (done) return { ...entry, session: next, ended: null };
      // Somebody signed out or in meanwhile: what was renewed is nobody's, and the server has to be told.
      const orphan = entry.session?.id === next.id ? [] : asOwed(next);
      return orphan.length === 0 ? entry : { ...entry, owed: [...entry.owed, ...orphan] };
    });
    return done;
  }

  async function isStillPresented(presented: string): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += REREAD_EVERY_MS) {
      if ((await file.readServer(address)).session?.refreshToken !== presented) return false;
      if (waitedMs >= REREAD_FOR_MS) return true;
      await pause(REREAD_EVERY_MS);
    }
  }

  async function closeSession(presented: string, reason: "expired" | "revoked"): Promise<void> {
    await file.updateServer(address, (entry) =>
      entry.session?.refreshToken === presented
        ? { ...entry, session: null, ended: { reason, subject: entry.session.subject, at: now() } }
        : entry,
    );
  }

  async function exchangeAlone(
    session: StoredSession,
    presented: string,
    call: BackendCall,
  ): Promise<RefreshOutcome | null> {
    const held = await lockExchange(call.signal);
    try {
      if ((await file.readServer(address)).session?.refreshToken !== presented) return null;
      return await exchangeToken(session, presented, { ...call, signal: AbortSignal.timeout(LONGEST_EXCHANGE_MS) });
    } finally {
      await held.release();
    }
  }

  async function exchangeToken(
    session: StoredSession,
    presented: string,
    call: BackendCall,
  ): Promise<RefreshOutcome | null> {
    const { exchange, call: exchangeCall } = withExchange(call, presented, await keys.of(session));
    const outcome = await inner.refresh(exchangeCall);
    if (outcome.kind === "ended") {
      if (!(await isStillPresented(presented))) return null;
      // Without a code it may mean the access token; the session then lasts as long as that.
      if (outcome.namesRefreshToken || !isStillGood(session, now())) {
        await closeSession(presented, outcome.reason === "revoked" ? "revoked" : "expired");
      }
      return outcome;
    }
    if (outcome.kind !== "token") return outcome;
    const next = toStoredSession(outcome.answer, exchange, { before: session, key: session.key });
    unsaved = { presented, session: next };
    const kept = await replaceSession(presented, next);
    unsaved = null;
    if (!kept) {
      tellLater();
      return null;
    }
    lastHandedOut = next.accessToken;
    return outcome;
  }

  /** Null: the file has changed meanwhile; look anew. */
  async function refreshOnce(call: BackendCall): Promise<RefreshOutcome | null> {
    if (underWay !== null) return underWay;
    const { session, ended } = await file.readServer(address);
    if (session === null) return { kind: "ended", reason: ended?.reason ?? "none", namesRefreshToken: true };
    if (unsaved !== null) {
      const { presented, session: next } = unsaved;
      if (presented === session.refreshToken) await replaceSession(presented, next);
      unsaved = null;
      return null;
    }
    if (session.accessToken !== lastHandedOut && isWorthUsing(session, now(), refreshAheadMs)) {
      lastHandedOut = session.accessToken;
      return { kind: "token", answer: toTokenAnswer(session) };
    }
    const presented = session.refreshToken;
    if (presented === null) return { kind: "ended", reason: "expired", namesRefreshToken: true };
    await file.assertWritable(address);
    const started = exchangeAlone(session, presented, call).finally(() => {
      underWay = null;
    });
    underWay = started;
    return started;
  }

  return {
    address: inner.address,
    sessionEndpoints: inner.sessionEndpoints,
    signInBy,
    signIn: (credentials, call) => signInBy(call, (exchangeCall) => inner.signIn(credentials, exchangeCall)),
    continueSignIn: (challenge, response, call) =>
      signInBy(call, (exchangeCall) => inner.continueSignIn(challenge, response, exchangeCall)),
    async signInAsGuest(call) {
      const { session } = await file.readServer(address);
      if (session !== null && !session.isGuest) {
        throw new AuthError("sessionExists", "A user is signed in here; sign out before a guest session is started.");
      }
      return signInBy(call, (exchangeCall) => inner.signInAsGuest(exchangeCall));
    },
    register: (account, call) => inner.register(account, call),
    async changePassword(change, accessToken, call) {
      // A session that is bound stays so; another may be bound now.
      const key = (await keys.of((await file.readServer(address)).session)) ?? undefined;
      return signInBy(call, (exchangeCall) => inner.changePassword(change, accessToken, exchangeCall), key);
    },
    changeEmail: (change, accessToken, call) => inner.changeEmail(change, accessToken, call),
    deleteAccount: (proof, accessToken, call) => inner.deleteAccount(proof, accessToken, call),
    discardSession: (session, accessToken, call) => inner.discardSession(session, accessToken, call),
    signOutOthers: (accessToken, call) => inner.signOutOthers(accessToken, call),
    fetchUser: (accessToken, call) => inner.fetchUser(accessToken, call),

    async refresh(call) {
      try {
        for (let round = 0; round < MOST_ROUNDS; round += 1) {
          const outcome = await refreshOnce(call);
          if (outcome !== null) return outcome;
        }
      } catch (error) {
        // Corrupt is not empty: a file that cannot be read or written says nothing about the session.
        if (error instanceof SessionFileError) return { kind: "transient", error, retryAfterMs: null };
        throw error;
      }
      const error = new AuthError("unavailable", "Other processes keep changing the session file. Try again later.");
      return { kind: "transient", error, retryAfterMs: null };
    },

    async signOut(session, accessToken, call) {
      const isMeant = (id: string | null): boolean => session === null || id === null || id === session.id;
      let refusal: unknown = null;
      let owed: OwedSignOut[] = [];
      try {
        // Signed out here before the server is asked, so that no other process goes on with the session.
        const entry = await file.updateServer(address, (before) =>
          before.session === null || !isMeant(before.session.id)
            ? before
            : { ...before, session: null, ended: null, owed: [...before.owed, ...asOwed(before.session)] },
        );
        owed = entry.owed.filter(({ id }) => isMeant(id));
      } catch (error) {
        refusal = error;
        const entry = await file.readServer(address).catch(() => null);
        owed = entry === null ? [] : [...entry.owed, ...asOwed(entry.session)].filter(({ id }) => isMeant(id));
      }
      if (owed.length === 0) await inner.signOut(session, accessToken, withExchange(call, null).call);
      for (const one of owed) await tell(one, accessToken, call);
      if (refusal !== null) throw refusal;
    },
  };
}
