import * as peer from "the-peer";

globalThis.peer = peer;

/** Waits until the machine's clock says `at`, wakes up from a sleep of `sleptMs`, and asks for `count` things at once. */
globalThis.storm = async ({ count, spreadMs, at, sleptMs = 0, tab = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - realNow())));
  advance(sleptMs);
  const startedAt = performance.now();
  // Each has an address of its own: the browser's cache asks for one address once at a time.
  const ask = (index) =>
    peer.api.get("/thing", { params: { number: `${tab}-${index}`, delay: Math.round((spreadMs * index) / count) } });
  const settled = await Promise.allSettled(Array.from({ length: count }, (_, index) => ask(index)));
  const failures = settled.filter(({ status }) => status === "rejected");
  return {
    failed: failures.length,
    why: failures.length === 0 ? null : String(failures[0].reason?.message ?? failures[0].reason),
    tookMs: performance.now() - startedAt,
  };
};
