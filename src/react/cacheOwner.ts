import type { Query, QueryClient } from "@tanstack/react-query";

interface CacheOwner {
  get(): string | null;
  set(subject: string | null): void;
  readonly dispose: () => void;
}

/**
 * Whose the cache is, written into the cache itself: a persisted cache brings the mark along when it is restored, perhaps for
 * somebody else than whom the session belongs to by then. `onStranger` is told, with the owner that stays.
 */
export function createCacheOwner(
  queryClient: QueryClient,
  baseUrl: string,
  onStranger: (owner: string | null) => void,
): CacheOwner {
  const cache = queryClient.getQueryCache();
  const prefix = ["stay-signed-in", "owner", baseUrl];
  const markKey = (subject: string): readonly string[] => [...prefix, subject];
  let owner = findMarks()[0] ?? null;
  // Until the identity is known, whoever is named by what is restored. After a sign-out nobody is.
  let isUndecided = true;
  let isDisposed = false;

  function findMarks(): string[] {
    return cache.findAll({ queryKey: prefix }).map(subjectOf);
  }

  function mark(subject: string): void {
    if (cache.find({ queryKey: markKey(subject) }) !== undefined) return;
    queryClient.setQueryDefaults(prefix, { gcTime: Number.POSITIVE_INFINITY });
    queryClient.setQueryData(markKey(subject), true);
  }

  const unsubscribe = cache.subscribe((event) => {
    if ((event.type !== "added" && event.type !== "removed") || !isMark(event.query)) return;
    const subject = subjectOf(event.query);
    if (event.type === "removed") {
      // The app cleared the cache itself: what is fetched from now on is the owner's all the same.
      queueMicrotask(() => {
        if (!isDisposed && owner === subject) mark(subject);
      });
      return;
    }
    if (owner === null && isUndecided) owner = subject;
    if (subject === owner) return;
    // Restoring goes on in this very task; what comes after the mark must go too, before anything renders it.
    queueMicrotask(() => {
      if (!isDisposed && findMarks().some((mark) => mark !== owner)) onStranger(owner);
    });
  });

  function isMark(query: Query): boolean {
    return prefix.every((part, index) => query.queryKey[index] === part) && query.queryKey.length === prefix.length + 1;
  }

  return {
    get: () => owner,
    set: (subject) => {
      const former = owner;
      owner = subject;
      isUndecided = false;
      if (former !== null && former !== subject) queryClient.removeQueries({ queryKey: markKey(former), exact: true });
      if (subject !== null) mark(subject);
    },
    dispose: () => {
      isDisposed = true;
      unsubscribe();
    },
  };
}

function subjectOf(query: Query): string {
  return String(query.queryKey.at(-1));
}
