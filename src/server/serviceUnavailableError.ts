/**
 * The server cannot answer now (a store that fails or is busy, too much work at once): 503, never a verdict on a
 * session.
 */
export class ServiceUnavailableError extends Error {
  override readonly name = "ServiceUnavailableError";
  readonly code = "SERVICE_UNAVAILABLE";
}
