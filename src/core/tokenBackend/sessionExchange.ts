import { AuthError } from "../authError.ts";
import type { Backend, BackendCall, RefreshOutcome, TokenAnswer } from "../backend.ts";
import type { EndpointAnswer, EndpointCaller } from "./endpointCaller.ts";
import type { ReadTokens } from "./readAnswer.ts";
import { isRefreshRefused, toError } from "./refusals.ts";
import type { HeldSession, RefreshTokenKeeper } from "./refreshTokenKeeper.ts";
import type { TokenBackendOptions } from "./tokenBackendOptions.ts";

const MOST_ROUNDS = 4;

type Outcome = RefreshOutcome | "lookAgain";
type Flight = {
  readonly refreshToken: string;
  readonly result: Promise<Outcome>;
  readonly controller: AbortController;
};

type SessionExchange = Pick<Required<Backend>, "refresh" | "signOut">;

interface SessionExchangeParts<Credentials> {
  readonly options: TokenBackendOptions<Credentials>;
  readonly keeper: RefreshTokenKeeper | null;
  readonly send: EndpointCaller["send"];
  readonly now: () => number;
  readonly read: (answer: EndpointAnswer) => ReadTokens;
  readonly toAnswer: (read: ReadTokens, held: HeldSession | null) => TokenAnswer;
}

/** What a description does to a session that there is: renews it, and ends it. */
export function createSessionExchange<Credentials>(made: SessionExchangeParts<Credentials>): SessionExchange {
  const { options, keeper, send, now, read, toAnswer } = made;
  const { refused = {}, user } = options;
  const sendsBearer = typeof options.tokens === "function";
  let flight: Flight | null = null;

  async function exchange(held: HeldSession | null, given: BackendCall): Promise<Outcome> {
    if (options.refresh === undefined) return { kind: "absent" };
    const answer = await send("refresh", options.refresh(held?.refreshToken ?? null), given);
    const { response, body } = answer;
    if (response.ok) return keepRenewed(answer, held, given);
    if (refused.refresh?.(response.status, body ?? null) ?? isRefreshRefused(answer)) {
      if (held === null || keeper === null) return { kind: "ended", reason: "expired", namesRefreshToken: true };
      // Another tab may have had it renewed meanwhile: only the one that was refused is worth nothing.
      const current = await keeper.current();
      if (current !== null && current.refreshToken !== held.refreshToken) return "lookAgain";
      await keeper.drop(held);
      return { kind: "ended", reason: "expired", namesRefreshToken: true };
    }
    const error = toError(answer, {}, now());
    return { kind: "transient", error, retryAfterMs: error.retryAfterMs ?? null };
  }

  async function keepRenewed(answer: EndpointAnswer, held: HeldSession | null, given: BackendCall): Promise<Outcome> {
    let found: ReadTokens;
    try {
      found = read(answer);
    } catch (error) {
      return { kind: "transient", error: error as AuthError, retryAfterMs: null };
    }
    if (held === null || keeper === null) return { kind: "token", answer: toAnswer(found, null) };
    const kept = await keeper.renew(held, {
      refreshToken: found.refreshToken ?? held.refreshToken,
      subject: found.subject ?? held.subject,
      ...(user === "signIn" && found.user !== undefined && { user: found.user }),
    });
    if (kept !== null) return { kind: "token", answer: toAnswer(found, kept) };
    // Signed out, or in anew, since it left: what it brought is worth something to the server alone, which is told.
    void tellOwed(held.id, found.accessToken, given).catch(() => {});
    return "lookAgain";
  }

  /**
   * Goes on when its caller gives up: with rotation its answer may hold the one refresh token that still counts. Whoever asks next
   * waits for the same answer, and ends it when they give up as well.
   */
  function fly(held: HeldSession, { fetch, signal }: BackendCall): Promise<Outcome> {
    const joined = flight?.refreshToken === held.refreshToken ? flight : null;
    const controller = joined?.controller ?? new AbortController();
    const result =
      joined?.result ??
      exchange(held, { fetch, signal: controller.signal }).finally(() => {
        if (flight?.result === result) flight = null;
      });
    flight = { refreshToken: held.refreshToken, result, controller };
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (joined !== null) controller.abort();
        reject(new AuthError("unavailable", "The server has not answered a refresh yet."));
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  async function tellOwed(id: string | null, accessToken: string | null, given: BackendCall): Promise<boolean> {
    const owed = (await keeper?.owed(id)) ?? [];
    for (const one of owed) {
      await tellSignOut({ refreshToken: one.refreshToken, accessToken }, given);
      await keeper?.told(one);
    }
    return owed.length > 0;
  }

  async function tellSignOut(
    held: { refreshToken: string | null; accessToken: string | null },
    given: BackendCall,
  ): Promise<void> {
    if (options.signOut === undefined) return;
    const call = options.signOut(held);
    const authorization =
      sendsBearer && call.bearer !== false && held.accessToken !== null
        ? { Authorization: `Bearer ${held.accessToken}` }
        : {};
    const answer = await send("signOut", { ...call, headers: { ...authorization, ...call.headers } }, given, {
      keepalive: true,
    });
    // These say that there was nothing (any more) to end; anything else may be mended later.
    const isOver = answer.response.ok || [400, 401, 404, 405, 410].includes(answer.response.status);
    if (!isOver) throw toError(answer, {}, now());
  }

  return {
    async refresh(given) {
      if (keeper === null) {
        const outcome = await exchange(null, given);
        if (outcome !== "lookAgain") return outcome;
      } else {
        for (let round = 0; round < MOST_ROUNDS; round += 1) {
          const held = await keeper.current();
          if (held === null) return { kind: "ended", reason: "none", namesRefreshToken: true };
          const outcome = await fly(held, given);
          if (outcome !== "lookAgain") return outcome;
        }
      }
      const error = new AuthError("unavailable", "Other tabs keep changing the refresh token; this is tried again.");
      return { kind: "transient", error, retryAfterMs: null };
    },
    async signOut(session, accessToken, given) {
      // At once, whether or not the server can be reached: from now on no answer brings the session back.
      const id = session === null || session.id === "" ? null : session.id;
      await keeper?.end(id);
      const isTold = await tellOwed(id, accessToken, given);
      if (!isTold && (keeper === null || accessToken !== null))
        await tellSignOut({ refreshToken: null, accessToken }, given);
    },
  };
}
