/** An error as devtools show it: its code, else its name; a message may be long, and may be anybody's. */
export function nameError(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
