export type AccessTokenErrorCode = "TOKEN_EXPIRED" | "TOKEN_INVALID";

/** An access token that does not count. Says nothing about the token but why. */
export class AccessTokenError extends Error {
  override readonly name = "AccessTokenError";
  readonly code: AccessTokenErrorCode;

  constructor(code: AccessTokenErrorCode) {
    super(
      code === "TOKEN_EXPIRED" ? "The access token has expired; refresh it." : "The access token is not valid here.",
    );
    this.code = code;
  }
}
