import type { ContentfulStatusCode } from "hono/utils/http-status";

export interface RefusalDetails {
  /** A sentence for people. */
  readonly reason?: string;
  /** The code of an OAuth error, RFC 6749 §5.2. */
  readonly error?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A request that is answered with an error on purpose. `detail` is the code (or fastapi-users' object) of the answer.
 */
export class RequestRefusedError extends Error {
  override readonly name = "RequestRefusedError";
  readonly status: ContentfulStatusCode;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ContentfulStatusCode, detail: unknown, { reason, error, headers = {} }: RefusalDetails = {}) {
    super(typeof detail === "string" ? detail : "The request is refused.");
    this.status = status;
    this.body = { ...(error !== undefined && { error }), detail, ...(reason !== undefined && { reason }) };
    this.headers = headers;
  }
}
