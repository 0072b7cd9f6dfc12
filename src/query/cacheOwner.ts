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
  const prefix = prefixOf(baseUrl);
  const markKey = (subject: string): readonly string[] => [...prefix, subject];
  const findMarks = (): string[] => findOwners(queryClient, baseUrl);
  let owner = findMarks()[0] ?? null;
  // Until the identity is known, whoever is named by what is restored. After a sign-out nobody is.
  let isUndecided = true;
  let isDisposed = false;

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

/** Who is named as the owner of what the cache holds: one once somebody is signed in, more only while a stored cache is restored. */
export function findOwners(queryClient: QueryClient, baseUrl: string): string[] {
  return queryClient
    .getQueryCache()
    .findAll({ queryKey: prefixOf(baseUrl) })
    .map(subjectOf);
}

const prefixOf = (baseUrl: string): string[] => ["stay-signed-in", "owner", baseUrl];

function subjectOf(query: Query): string {
  return String(query.queryKey.at(-1));
}
