import { AuthError } from "../core/authError.ts";
import type { Backend, BackendCall, RefreshOutcome } from "../core/backend.ts";
import { openBodyExchange } from "../core/bodyTransport.ts";
import { isOfAnother } from "../core/token.ts";
import type { SessionName } from "../core/session.ts";
import { isSignInChallenge } from "../core/signInChallenge.ts";
import type { KeptToken, SessionVault } from "./sessionVault.ts";

type WholeBackend = Required<Omit<Backend, "tokens" | "start">>;
type SignInAnswer = Awaited<ReturnType<Backend["signIn"]>>;

export interface VaultBackendOptions {
  /** Speaks to the server; this one gives it the refresh token and keeps what it gets. */
  readonly inner: Omit<WholeBackend, "signInBy">;
  readonly vault: SessionVault;
  readonly now: () => number;
}

const MOST_ROUNDS = 3;

/**
 * A backend whose refresh tokens are in the app's secure storage. What the server issues is kept before anybody gets the access
 * token of it. A rejection counts only for the token that is still kept: another window may have gone on.
 */
export function createVaultBackend({ inner, vault, now }: VaultBackendOptions): WholeBackend {
  // Rotated on the server and not kept, since the storage refused it: better than what is kept, for as long as the app runs.
  let unkept: { readonly presented: string; readonly next: KeptToken } | null = null;

  /** Without cookies: the body transport is refused beside one, and a device has jars of its own. */
  function withExchange(call: BackendCall, refreshToken: string | null) {
    const fetch: typeof globalThis.fetch = (input, init) => call.fetch(input, { ...init, credentials: "omit" });
    const exchange = openBodyExchange(fetch, refreshToken, now);
    return { exchange, call: { ...call, fetch: exchange.fetch } };
  }

  async function tell(owed: KeptToken, accessToken: string | null, call: BackendCall): Promise<void> {
    await inner.signOut(nameOf(owed), accessToken, withExchange(call, owed.refreshToken).call);
    await vault.update((before) => ({
      ...before,
      owed: before.owed.filter(({ refreshToken }) => refreshToken !== owed.refreshToken),
    }));
  }

  /** Nobody waits for it: what cannot be told now is told at the next start. */
  function tellLater(owed: readonly KeptToken[], call: BackendCall): void {
    const unsignalled = { fetch: call.fetch, signal: new AbortController().signal };
    for (const one of owed) tell(one, null, unsignalled).catch(() => undefined);
  }

  /** Makes a sign-in of any kind keep the refresh token of its answer. */
  async function signInBy<A extends SignInAnswer>(
    ask: (call: BackendCall) => Promise<A>,
    call: BackendCall,
  ): Promise<A> {
    const { exchange, call: exchangeCall } = withExchange(call, null);
    const answer = await ask(exchangeCall);
    if (isSignInChallenge(answer) || isOfAnother(answer, call.subject)) return answer;
    const refreshToken = exchange.receivedRefreshToken();
    if (refreshToken === null) {
      throw new AuthError(
        "badResponse",
        "The server answered the sign-in without a refresh token: it must speak the body transport (`Auth-Transport: body`).",
      );
    }
    const session = { refreshToken, id: answer.session?.id ?? null };
    try {
      const { owed } = await vault.update((before) => ({
        session,
        owed: [...before.owed, ...(before.session === null ? [] : [before.session])],
      }));
      unkept = null;
      tellLater(owed, call);
    } catch (error) {
      // A session that cannot be kept is none: it would be gone at the next start.
      await inner.signOut(nameOf(session), answer.accessToken, withExchange(call, refreshToken).call).catch(() => {});
      throw error;
    }
    return answer;
  }

  /** Null: another window, a sign-in or a sign-out was faster; look anew. */
  async function refreshOnce(call: BackendCall): Promise<RefreshOutcome | null> {
    const { session, owed } = await vault.read();
    tellLater(owed, call);
    if (session === null) return { kind: "ended", reason: "none", namesRefreshToken: true };
    const kept = session.refreshToken;
    const presented = unkept?.presented === kept ? unkept.next.refreshToken : kept;
    const { exchange, call: exchangeCall } = withExchange(call, presented);
    const outcome = await inner.refresh(exchangeCall);
    if (outcome.kind !== "token" && outcome.kind !== "ended") return outcome;
    const next = {
      refreshToken: exchange.receivedRefreshToken() ?? presented,
      id: (outcome.kind === "token" ? outcome.answer.session?.id : undefined) ?? session.id,
    };
    let isStill = false;
    const replace = vault.update((before) => {
      isStill = before.session?.refreshToken === kept;
      if (isStill) return { ...before, session: outcome.kind === "token" ? next : null };
      const isOrphan = outcome.kind === "token" && before.session?.id !== next.id;
      return isOrphan ? { ...before, owed: [...before.owed, next] } : before;
    });
    try {
      await replace;
    } catch (error) {
      if (outcome.kind === "ended") throw error;
      unkept = { presented: kept, next };
      return outcome;
    }
    if (!isStill) return null;
    unkept = null;
    return outcome;
  }

  return {
    address: inner.address,
    sessionEndpoints: inner.sessionEndpoints,
    signInBy,
    signIn: (credentials, call) => signInBy((own) => inner.signIn(credentials, own), call),
    continueSignIn: (challenge, response, call) =>
      signInBy((own) => inner.continueSignIn(challenge, response, own), call),
    signInAsGuest: (call) => signInBy((own) => inner.signInAsGuest(own), call),
    changePassword: (change, accessToken, call) =>
      signInBy((own) => inner.changePassword(change, accessToken, own), call),
    changeEmail: (change, accessToken, call) => inner.changeEmail(change, accessToken, withExchange(call, null).call),
    deleteAccount: (proof, accessToken, call) => inner.deleteAccount(proof, accessToken, withExchange(call, null).call),
    register: (account, call) => inner.register(account, withExchange(call, null).call),
    discardSession: (session, accessToken, call) =>
      inner.discardSession(session, accessToken, withExchange(call, null).call),
    signOutOthers: (accessToken, call) => inner.signOutOthers(accessToken, withExchange(call, null).call),
    fetchUser: (accessToken, call) => inner.fetchUser(accessToken, withExchange(call, null).call),
    async refresh(call) {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const outcome = await refreshOnce(call);
        if (outcome !== null) return outcome;
      }
      const error = new AuthError("unavailable", "The kept session keeps changing. Try again later.");
      return { kind: "transient", error, retryAfterMs: null };
    },
    async signOut(session, accessToken, call) {
      const isMeant = ({ id }: KeptToken): boolean => session === null || id === null || id === session.id;
      // Kept as owed before the server is asked, so that the app does not start with it again.
      const { owed } = await vault.update((before) =>
        before.session === null || !isMeant(before.session)
          ? before
          : { session: null, owed: [...before.owed, unkept?.next ?? before.session] },
      );
      const meant = owed.filter(isMeant);
      if (meant.length === 0) await inner.signOut(session, accessToken, withExchange(call, null).call);
      for (const one of meant) await tell(one, accessToken, call);
    },
  };
}

function nameOf({ id }: KeptToken): SessionName | null {
  return id === null ? null : { id, number: 0 };
}
