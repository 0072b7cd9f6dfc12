/** Resolves in a later task of the real event loop, with every promise callback that was due before it done. */
export function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // In a page: a message is a task of its own, and not clamped to 4 ms as nested time-outs are.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
