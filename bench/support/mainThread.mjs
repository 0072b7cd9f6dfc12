/** What the page's main thread does while `work` runs: all tasks together and the longest, in milliseconds of its own time. */
export async function traceMainThread(browser, page, work) {
  await browser.startTracing(page, {
    categories: ["-*", "toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute"],
  });
  const result = await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const tasks = traceEvents.filter(({ name, ph }) => name === "RunTask" && ph === "X");
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}.${tid}`),
  );
  // The page that worked, of the renderers that there are (one is kept ready for the next page).
  const byThread = new Map();
  for (const { pid, tid, tdur, dur } of tasks) {
    const key = `${pid}.${tid}`;
    if (!mains.has(key)) continue;
    byThread.set(key, [...(byThread.get(key) ?? []), (tdur ?? dur) / 1_000]);
  }
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const durations = [...byThread.values()].sort((a, b) => sum(b) - sum(a))[0] ?? [];
  return { result, totalMs: sum(durations), longestMs: Math.max(0, ...durations), tasks: durations.length };
}

/** Bytes of the page's heap that are still in use after a collection. */
export async function usedHeap(session) {
  await session.send("HeapProfiler.enable");
  for (let times = 0; times < 2; times += 1) await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

/** Milliseconds of processor time that the page's main thread takes for `work`: what else runs on the machine is not in it. */
export async function threadTime(session, work) {
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ThreadTime").value * 1_000;
  };
  const before = await read();
  await work();
  return (await read()) - before;
}
