/** A token as devtools may show it: its last four characters. */
export function maskToken(token: string): string {
  return `••••${token.slice(-4)}`;
}
