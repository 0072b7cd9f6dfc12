import type { MiddlewareHandler } from "hono";
import type { OriginRuleOptions } from "./originRule.ts";
import type { HonoEnvironment } from "./requestFacts.ts";

const METHODS = "GET, POST, PATCH, DELETE";
const REQUEST_HEADERS = "authorization, content-type, dpop";
// Names of headers (RFC 9110 §5.6.2) and no more than tracing tools add.
const HEADER_NAMES = /^[!#$%&'*+\-.^`|~\w]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^`|~\w]+){0,49}$/;
const PREFLIGHT_SECONDS = "600";

/**
 * CORS (Fetch standard, §3.3) for the exact origins of the allow-list, and without cookies for those of programs, on every
 * answer, errors and preflights included; and what keeps every answer out of every cache.
 */
export function crossOrigin({
  allowedOrigins,
  nativeOrigins,
}: Pick<OriginRuleOptions, "allowedOrigins" | "nativeOrigins">): MiddlewareHandler<HonoEnvironment> {
  return async (context, next) => {
    const origin = context.req.header("origin");
    const isPreflight =
      context.req.method === "OPTIONS" && context.req.header("access-control-request-method") !== undefined;
    if (isPreflight) context.res = new Response(null, { status: 204 });
    else await next();

    const { headers } = context.res;
    // The JWK set alone says itself how long it may be kept.
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    headers.set("Vary", "Origin, Cookie, Authorization");
    headers.set("X-Content-Type-Options", "nosniff");
    if (origin === undefined) return;
    const hasCookie = allowedOrigins.has(origin);
    if (!hasCookie && !nativeOrigins.has(origin)) return;
    headers.set("Access-Control-Allow-Origin", origin);
    if (hasCookie) headers.set("Access-Control-Allow-Credentials", "true");
    headers.set("Access-Control-Expose-Headers", "Date, Retry-After, DPoP-Nonce, Session-Ended");
    if (!isPreflight) return;
    headers.set("Access-Control-Allow-Methods", METHODS);
    // Tracing tools add headers of their own to each request of a page; none of them is looked at here.
    const asked = context.req.header("access-control-request-headers") ?? "";
    const granted = hasCookie ? REQUEST_HEADERS : `${REQUEST_HEADERS}, auth-transport`;
    headers.set("Access-Control-Allow-Headers", HEADER_NAMES.test(asked) ? asked : granted);
    headers.set("Access-Control-Max-Age", PREFLIGHT_SECONDS);
  };
}
