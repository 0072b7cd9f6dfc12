/** The time of day of a moment (milliseconds since 1970), to the second. */
export function formatTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
