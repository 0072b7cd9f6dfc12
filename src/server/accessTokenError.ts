/** `TOKEN_EXPIRED`: refresh it. `TOKEN_INVALID`: not signed here, for somebody else, or not a token. */
export type AccessTokenErrorCode = "TOKEN_EXPIRED" | "TOKEN_INVALID";

/** An access token that does not count. Says nothing about the token but why. */
export class AccessTokenError extends Error {
  /** Always "AccessTokenError", also in minified code. */
  override readonly name = "AccessTokenError";
  /** Why it does not count: match on this. */
  readonly code: AccessTokenErrorCode;

  /** Also for a server of your own that verifies by other means. */
  constructor(code: AccessTokenErrorCode) {
    super(
      code === "TOKEN_EXPIRED" ? "The access token has expired; refresh it." : "The access token is not valid here.",
    );
    this.code = code;
  }
}
