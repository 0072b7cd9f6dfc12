/** `unavailable`: the auth server was not reached, or could not answer. `refused`: the set-up is wrong. */
export type ServerSessionErrorCode = "unavailable" | "refused";

/** Why it cannot be said who sends a request. Holds neither the cookie nor the key. */
export class ServerSessionError extends Error {
  /** Always "ServerSessionError", also in minified code. */
  override readonly name = "ServerSessionError";
  /** What happened: match on this. */
  readonly code: ServerSessionErrorCode;

  /** As `getServerSession` makes it; a `cause` is the network's error. */
  constructor(code: ServerSessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
