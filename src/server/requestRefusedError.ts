import type { ContentfulStatusCode } from "hono/utils/http-status";

/**
 * A request that is answered with an error on purpose. `detail` is the code (or fastapi-users' object) of the answer.
 */
export class RequestRefusedError extends Error {
  override readonly name = "RequestRefusedError";
  readonly status: ContentfulStatusCode;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    detail: unknown,
    { reason, headers = {} }: { readonly reason?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(typeof detail === "string" ? detail : "The request is refused.");
    this.status = status;
    this.body = { detail, ...(reason !== undefined && { reason }) };
    this.headers = headers;
  }
}
