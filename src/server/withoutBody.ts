import type { Context } from "hono";
import type { HonoEnvironment } from "./requestFacts.ts";

/** A request as a hook of the app may see it: the password in its body is nobody's business any more. */
export function withoutBody({ req }: Context<HonoEnvironment>): Request {
  return new Request(req.url, { method: req.method, headers: req.raw.headers });
}
