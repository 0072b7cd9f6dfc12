/** Options that make no sense or would be unsafe; thrown when the server is made. The message names the option. */
export class OptionsError extends Error {
  /** Always "OptionsError", also in minified code. */
  override readonly name = "OptionsError";
  /** Always "invalidOptions", as in an AuthError. */
  readonly code = "invalidOptions";
}
