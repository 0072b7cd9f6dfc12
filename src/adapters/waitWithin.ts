import type { InternalAxiosRequestConfig } from "axios";

/** What every CancelToken since axios 0.22 can do; the typings leave it out. */
interface Subscribable {
  subscribe(listener: () => void): void;
  unsubscribe(listener: () => void): void;
}

/** Runs `work` with a signal that aborts with the request's `signal` or `cancelToken`, or once its `timeout` has passed. */
export async function waitWithin<T>(
  { signal, cancelToken, timeout }: InternalAxiosRequestConfig,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const timeoutMs = Number(timeout);
  if (!signal && !cancelToken && !(timeoutMs > 0)) return work(undefined);
  const controller = new AbortController();
  const abort = () => controller.abort();
  const token = cancelToken as unknown as Subscribable | undefined;
  const timer = timeoutMs > 0 ? setTimeout(abort, timeoutMs) : undefined;
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
