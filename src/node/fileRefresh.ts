import { AuthError } from "../core/authError.ts";
import type { Backend, BackendCall, RefreshOutcome } from "../core/backend.ts";
import type { BodyExchange } from "../core/bodyTransport.ts";
import type { Clock } from "../core/ports.ts";
import { asOwed } from "./owedSignOuts.ts";
import { SessionFileError } from "./sessionFileError.ts";
import type { StoredSession } from "./sessionFileFormat.ts";
import type { OpenedKey, SessionKeys } from "./sessionKeys.ts";
import type { SessionStore } from "./sessionStore.ts";
import { toStoredSession, toTokenAnswer } from "./storedSession.ts";
import { isStillGood, isWorthUsing } from "./storedTokenAge.ts";

/** A call that presents the refresh token, and a proof of the key where there is one; what it is given is in `exchange`. */
export type Present = (
  call: BackendCall,
  refreshToken: string | null,
  key?: OpenedKey | null,
) => { readonly exchange: BodyExchange; readonly call: BackendCall };

export interface FileRefreshOptions {
  /** Speaks to the server. */
  inner: Pick<Required<Backend>, "refresh">;
  file: SessionStore;
  address: string;
  clock: Clock;
  keys: SessionKeys;
  present: Present;
  /** Keeps other processes from presenting what this one presents. */
  lockExchange: (signal: AbortSignal) => Promise<{ release(): Promise<void> }>;
  /** Tells the server of sessions that are gone on without. */
  tellLater: () => void;
  refreshAheadMs?: number | undefined;
}

export interface FileRefresh {
  /** As a backend's `refresh`. */
  refresh(call: BackendCall): Promise<RefreshOutcome>;
  /** Whoever asks again has no use for the access token that it was given last. */
  handedOut(accessToken: string): void;
}

const REREAD_FOR_MS = 200;
const REREAD_EVERY_MS = 50;
const MOST_ROUNDS = 4;
const LONGEST_EXCHANGE_MS = 30_000;

/**
 * The refresh of a session that lies in a file, which is read anew at each: another process may have done it already, and its access
 * token will do. A rejection counts only if the file still holds the token that was rejected.
 *
 * A refresh token that was presented is not presented again, by any process, before its answer is here or 30 s have passed. Whoever
 * has given up waiting meanwhile (a short time-out, a machine that is busy) finds the answer in the file the next time.
 */
export function createFileRefresh(options: FileRefreshOptions): FileRefresh {
  const { inner, file, address, clock, keys, present, lockExchange, tellLater, refreshAheadMs } = options;
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
    const { exchange, call: presenting } = present(call, presented, await keys.of(session));
    const outcome = await inner.refresh(presenting);
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
    handedOut(accessToken) {
      lastHandedOut = accessToken;
    },
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
  };
}
