/** Whether sending this body uses it up: Node streams, web streams, async iterables, form-data's streams. */
export function isOneShot(body: unknown): boolean {
  return (
    typeof body === "object" && body !== null && ("pipe" in body || "getReader" in body || Symbol.asyncIterator in body)
  );
}
