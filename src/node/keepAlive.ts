/** Keeps the process alive until the promise settles: all our own timers leave it free to end. */
export async function keepAliveUntil<T>(promise: Promise<T>): Promise<T> {
  const longest = 2 ** 31 - 1;
  const timer = setInterval(() => undefined, longest);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
