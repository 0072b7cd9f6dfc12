import type { AuthClient } from "../../../src/core/authClient.ts";

/** The same client, which also tells how many requests have come to it with a token that was refused. */
export function countRejections(auth: AuthClient): { auth: AuthClient; rejections(count: number): Promise<void> } {
  const waiters = new Set<() => void>();
  let seen = 0;
  return {
    auth: {
      ...auth,
      getAccessToken(options) {
        const token = auth.getAccessToken(options);
        if (options?.rejectedToken !== undefined) seen++;
        for (const waiter of waiters) waiter();
        return token;
      },
    },
    rejections: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (seen < count) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
  };
}
