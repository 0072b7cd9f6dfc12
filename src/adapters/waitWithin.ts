import type { InternalAxiosRequestConfig } from "axios";

/** What every CancelToken since axios 0.22 can do; the typings leave it out. */
interface Subscribable {
  subscribe(listener: () => void): void;
  unsubscribe(listener: () => void): void;
}

/** Runs `work` with a signal that aborts with the request's `signal` or `cancelToken`, or once its `timeout` has passed. */
export async function waitWithin<T>(
  { signal, cancelToken, timeout }: InternalAxiosRequestConfig,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const token = cancelToken as unknown as Subscribable | undefined;
  const timer = Number(timeout) > 0 ? setTimeout(abort, Number(timeout)) : undefined;
  if (signal?.aborted) abort();
  signal?.addEventListener?.("abort", abort);
  token?.subscribe(abort);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener?.("abort", abort);
    token?.unsubscribe(abort);
  }
}
