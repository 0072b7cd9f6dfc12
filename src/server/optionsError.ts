/** Options that make no sense or would be unsafe; thrown when the server is made. The message names the option. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly code = "invalidOptions";
}
