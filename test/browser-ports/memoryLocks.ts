/** A lock manager in memory, after the Web Locks specification as far as the port uses it: for what Node 20 lacks. */
export function createMemoryLocks() {
  interface Request {
    name: string;
    mode: LockMode;
    grant(): void;
  }
  const held = new Set<Request>();
  const pending: Request[] = [];

  const isFree = ({ name, mode }: Request) =>
    ![...held].some((other) => other.name === name && (mode === "exclusive" || other.mode === "exclusive"));

  function process(): void {
    for (const request of [...pending]) {
      const isFirst = pending.find(({ name }) => name === request.name) === request;
      if (!isFirst || !isFree(request)) continue;
      pending.splice(pending.indexOf(request), 1);
      held.add(request);
      request.grant();
    }
  }

  const locks = {
    request(name: string, options: LockOptions, callback: (lock: Lock | null) => unknown): Promise<unknown> {
      const { mode = "exclusive", ifAvailable = false, signal } = options;
      if (ifAvailable && signal) return Promise.reject(new DOMException("Both given.", "NotSupportedError"));
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(new DOMException("Aborted.", "AbortError"));
        const onAbort = () => {
          pending.splice(pending.indexOf(request), 1);
          // As browsers did before the signal's reason was handed on.
          reject(new DOMException("Aborted.", "AbortError"));
        };
        const run = async (lock: Lock | null) => callback(lock);
        const request: Request = {
          name,
          mode,
          grant() {
            signal?.removeEventListener("abort", onAbort);
            void run({ name, mode })
              .then(resolve, reject)
              .finally(() => {
                held.delete(request);
                process();
              });
          },
        };
        if (ifAvailable && (!isFree(request) || pending.some((other) => other.name === name))) {
          return void run(null).then(resolve, reject);
        }
        signal?.addEventListener("abort", onAbort, { once: true });
        pending.push(request);
        process();
      });
    },
    query: async () => ({
      held: [...held].map(({ name, mode }) => ({ name, mode, clientId: "some" })),
      pending: pending.map(({ name, mode }) => ({ name, mode, clientId: "some" })),
    }),
  };
  return { locks, heldCount: () => held.size, pendingCount: () => pending.length };
}
