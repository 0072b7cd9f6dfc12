/** Tells the developer of a wrong set-up on the console, each sentence once. */
export function createWarnOnce(): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    told.add(message);
    if (typeof console !== "undefined") console.warn(`stay-signed-in: ${message}`);
  };
}
