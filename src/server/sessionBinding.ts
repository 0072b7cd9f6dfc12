import type { Context, MiddlewareHandler } from "hono";
import type { AuthServerContext } from "./authServerContext.ts";
import type { Session } from "./authStore.ts";
import { verifyDpopProof } from "./dpopProof.ts";
import type { HonoEnvironment, RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import type { ChosenTransport } from "./startSession.ts";

/** Answers each request with a proof with the nonce for the next (RFC 9449 §8.2), whatever else the answer says. */
export function giveNonce({ options, dpopNonces }: AuthServerContext): MiddlewareHandler<HonoEnvironment> {
  return async (context, next) => {
    await next();
    if (options.sessionBinding === undefined || context.req.header("dpop") === undefined) return;
    context.res.headers.set("DPoP-Nonce", await dpopNonces.current());
  };
}

/**
 * The thumbprint (RFC 7638) of the key that the request proves by DPoP (RFC 9449); null when it proves none.
 * @throws RequestRefusedError 400 `use_dpop_nonce`, `invalid_dpop_proof`, both in the form of RFC 9449 §5 and §8, which
 * no client takes for the end of a session.
 */
export async function readProvedKey(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
): Promise<string | null> {
  const { dpopNonces, options } = server;
  if (options.sessionBinding === undefined || facts.dpop === undefined) return null;
  const path = new URL(context.req.url).pathname;
  const origins = [options.publicUrl?.origin, new URL(`${facts.scheme}//${facts.host}`).origin];
  // Behind a development proxy the page's own address is all that the browser knows.
  if (server.judgeOrigin(facts) === "allowed") origins.push(facts.origin);
  const verdict = await verifyDpopProof(facts.dpop, {
    method: context.req.method,
    isOwnAddress: ({ origin, pathname }) => pathname === path && origins.includes(origin),
    isGoodNonce: (given) => dpopNonces.isGood(given),
  });
  if (verdict.kind === "refused")
    throw new RequestRefusedError(400, "INVALID_DPOP_PROOF", { error: "invalid_dpop_proof" });
  // A browser may send a request again by itself when a connection broke: so twice is no theft.
  if (verdict.kind === "nonceNeeded" || !dpopNonces.useOnce(verdict.id)) {
    throw new RequestRefusedError(400, "USE_DPOP_NONCE", { error: "use_dpop_nonce" });
  }
  return verdict.thumbprint;
}

/** Before anything is checked or made: a client that has to send its proof again has then lost nothing. */
export async function readBindingKey(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  { transport }: ChosenTransport,
): Promise<string | null> {
  const boundKey = await readProvedKey(server, context, facts);
  if (transport !== "none") requireKeyForSession(server, boundKey);
  return boundKey;
}

/** @throws RequestRefusedError 403 `SESSION_BINDING_REQUIRED` where a session would need a key and gets none. */
export function requireKeyForSession({ options }: AuthServerContext, boundKey: string | null): void {
  if (options.sessionBinding !== "required" || boundKey !== null) return;
  throw new RequestRefusedError(403, {
    code: "SESSION_BINDING_REQUIRED",
    reason:
      "Sessions here need a key: use bindSession, on https, in a browser that lets this page use IndexedDB; " +
      "a program: stay-signed-in login --bind-session.",
  });
}

/** Whether this key may go on with the session. */
export function isBoundTo({ options }: AuthServerContext, session: Session, provedKey: string | null): boolean {
  return session.boundKey === null ? options.sessionBinding !== "required" : session.boundKey === provedKey;
}
