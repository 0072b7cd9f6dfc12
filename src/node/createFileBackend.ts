import { createProver } from "../bound/createProver.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { Backend, BackendCall } from "../core/backend.ts";
import { isOfAnother } from "../core/token.ts";
import { openBodyExchange } from "../core/bodyTransport.ts";
import { isSignInChallenge } from "../core/signInChallenge.ts";
import { BINDING_REQUIRED, bindingRequired } from "./bindingRequired.ts";
import { createFileRefresh, type FileRefreshOptions, type Present } from "./fileRefresh.ts";
import { asOwed, createOwedSignOuts } from "./owedSignOuts.ts";
import type { OwedSignOut } from "./sessionFileFormat.ts";
import type { OpenedKey } from "./sessionKeys.ts";
import { toStoredSession } from "./storedSession.ts";

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

export interface FileBackendOptions extends Omit<FileRefreshOptions, "present" | "tellLater"> {
  /** Speaks to the server; this one gives it the refresh token and keeps what it gets. */
  inner: WholeBackend;
  /** For what the server has to be told apart from any call. */
  fetch: typeof globalThis.fetch;
}

/**
 * A backend whose refresh tokens lie in the session file. What the server issues is in the file before anybody gets the access
 * token of it, so a process that dies in between loses nothing.
 */
export function createFileBackend(options: FileBackendOptions): FileBackend {
  const { inner, file, address, clock, keys, fetch } = options;
  const prove = createProver();
  const present: Present = (call, refreshToken, key = null) => {
    const proving = prove(call.fetch, async () => key?.key ?? null);
    const exchange = openBodyExchange(proving, refreshToken, () => clock.now());
    return { exchange, call: { ...call, fetch: exchange.fetch } };
  };

  const { tell, tellLater } = createOwedSignOuts({
    file,
    address,
    fetch,
    signOut: (session, accessToken, call) => inner.signOut(session, accessToken, call),
    presenting: (refreshToken, call) => present(call, refreshToken).call,
  });
  const { refresh, handedOut } = createFileRefresh({ ...options, present, tellLater });

  /** Asks for a session that is bound to `key`, where the server binds any, and keeps it. */
  async function signInBy<A extends Awaited<ReturnType<Backend["signIn"]>>>(
    call: BackendCall,
    ask: Ask<A>,
    given?: OpenedKey | null,
  ): Promise<A> {
    // A session that could not be kept is not asked for.
    await file.assertWritable(address, { replaceDamaged: true });
    const key = given === undefined ? await keys.begin() : given;
    const { exchange, call: exchangeCall } = present(call, null, key);
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
    handedOut(session.accessToken);
    if (replaced) tellLater();
    return answer;
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
    refresh,
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
      if (owed.length === 0) await inner.signOut(session, accessToken, present(call, null).call);
      for (const one of owed) await tell(one, accessToken, call);
      if (refusal !== null) throw refusal;
    },
  };
}
