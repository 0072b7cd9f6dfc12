import type { MiddlewareHandler } from "hono";
import { AccessTokenError } from "./accessTokenError.ts";
import type { VerifiedAccessToken } from "./accessTokens.ts";
import { checkOptions, trueOrFalse } from "./checkOptions.ts";
import type { AuthServer } from "./createAuthServer.ts";

/** Who may pass {@link requireUser}. */
export interface RequireUserOptions {
  /** Asks the database whether the session still lives, so that a revoked one is refused at once. Default false. */
  readonly checkSession?: boolean | undefined;
  /** Whether guests may pass. Default true. */
  readonly allowGuests?: boolean | undefined;
}

/**
 * A Hono middleware for an application's own routes: lets pass who brings a good access token, as the variable `user`,
 * and answers 401 to everybody else (403 `GUEST` to guests where they may not pass).
 *
 * @example
 * app.get("/notes", requireUser(auth), (context) => context.json(notesOf(context.var.user.subject)));
 */
export function requireUser(
  server: Pick<AuthServer, "verifyAccessToken" | "isSessionLive">,
  options: RequireUserOptions = {},
): MiddlewareHandler<{ Variables: { user: VerifiedAccessToken } }> {
  checkOptions<RequireUserOptions>("requireUser", options, { checkSession: trueOrFalse, allowGuests: trueOrFalse });
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
