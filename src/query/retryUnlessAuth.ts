import { isServer, type QueryClient } from "@tanstack/react-query";
import { isAuthError } from "../core/authError.ts";

/**
 * TanStack Query's own default (three more attempts, none on a server), except for what another attempt cannot mend: a 401 that was already
 * answered with one refresh and one repetition, and every `AuthError` other than `unavailable`.
 * `bindQueryClient` makes it the default of a QueryClient that has no `retry` of its own.
 *
 * @example
 * new QueryClient({ defaultOptions: { queries: { retry: retryUnlessAuth } } });
 */
export function retryUnlessAuth(failureCount: number, error: unknown): boolean {
  return !isServer && failureCount < 3 && !isFinalAuthFailure(error);
}

/** Makes {@link retryUnlessAuth} the default of a client that has no `retry` of its own. Idempotent. */
export function applyRetryDefault(queryClient: QueryClient): void {
  const defaults = queryClient.getDefaultOptions();
  if (defaults.queries?.retry !== undefined) return;
  queryClient.setDefaultOptions({ ...defaults, queries: { ...defaults.queries, retry: retryUnlessAuth } });
}

/** Whether `error` says that the request needs somebody signed in and nobody is, by its shape: fetch, axios or our own. */
export function isFinalAuthFailure(error: unknown): boolean {
  if (isAuthError(error)) return error.code !== "unavailable";
  if (typeof error !== "object" || error === null) return false;
  if ("status" in error && error.status === 401) return true;
  if (!("response" in error) || typeof error.response !== "object" || error.response === null) return false;
  return "status" in error.response && error.response.status === 401;
}
