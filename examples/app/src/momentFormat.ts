/** "Nov 25, 7:06 AM", in the reader's own language. */
export const momentFormat = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
