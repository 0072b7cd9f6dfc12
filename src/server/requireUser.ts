import type { MiddlewareHandler } from "hono";
import { AccessTokenError } from "./accessTokenError.ts";
import type { VerifiedAccessToken } from "./accessTokens.ts";
import { aSpanInSeconds, checkOptions, listOf, type OptionRules, trueOrFalse } from "./checkOptions.ts";
import type { AuthServer } from "./createAuthServer.ts";
import { anAmrValue, stepUpChallenge } from "./stepUpChallenge.ts";

/** Who may pass {@link requireUser}. */
export interface RequireUserOptions {
  /** Asks the database whether the session still lives, so that a revoked one is refused at once. Default false. */
  readonly checkSession?: boolean | undefined;
  /** Whether guests may pass. Default true. */
  readonly allowGuests?: boolean | undefined;
  /**
   * How long ago somebody may have proved for this session who they are (`auth_time`), in seconds; beyond that the answer
   * asks for a fresh sign-in. Default: any time.
   */
  readonly maxAgeSeconds?: number | undefined;
  /** With what they must have proved it (`amr`, RFC 8176), all of these: `["mfa"]`. Default: anything. */
  readonly amr?: readonly string[] | undefined;
}

const rules: OptionRules<RequireUserOptions> = {
  checkSession: trueOrFalse,
  allowGuests: trueOrFalse,
  maxAgeSeconds: aSpanInSeconds,
  amr: listOf(anAmrValue),
};

/**
 * A Hono middleware for an application's own routes: lets pass who brings a good access token, as the variable `user`,
 * and answers 401 to everybody else (403 `GUEST` to guests where they may not pass).
 *
 * Who has signed in too long ago, or not by what is asked for, is told so as in RFC 9470 §3: 401
 * `insufficient_user_authentication`, for which a client asks the person to sign in anew rather than refresh.
 *
 * @throws OptionsError for options that are unknown or make no sense.
 * @example
 * app.get("/notes", requireUser(auth), (context) => context.json(notesOf(context.var.user.subject)));
 * app.post("/payments", requireUser(auth, { checkSession: true, maxAgeSeconds: 300, amr: ["mfa"] }), pay);
 */
export function requireUser(
  server: Pick<AuthServer, "verifyAccessToken" | "isSessionLive">,
  options: RequireUserOptions = {},
): MiddlewareHandler<{ Variables: { user: VerifiedAccessToken } }> {
  checkOptions<RequireUserOptions>("requireUser", options, rules);
  const { checkSession = false, allowGuests = true } = options;

  return async (context, next) => {
    const token = /^bearer +([^\s]+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
    const user = token === undefined ? null : await verified(token);
    context.header("Vary", "Authorization", { append: true });
    if (user === null) {
      context.header("WWW-Authenticate", token === undefined ? "Bearer" : 'Bearer error="invalid_token"');
      return context.json({ detail: "Unauthorized" }, 401);
    }
    if (user.isGuest && !allowGuests) return context.json({ detail: "GUEST" }, 403);
    const challenge = stepUpChallenge(user, options);
    if (challenge !== null) {
      context.header("WWW-Authenticate", challenge);
      return context.json({ detail: "STEP_UP_REQUIRED" }, 401);
    }
    context.set("user", user);
    return next();
  };

  async function verified(token: string): Promise<VerifiedAccessToken | null> {
    try {
      const user = await server.verifyAccessToken(token);
      return checkSession && !(await server.isSessionLive(user)) ? null : user;
    } catch (error) {
      if (error instanceof AccessTokenError) return null;
      throw error;
    }
  }
}
