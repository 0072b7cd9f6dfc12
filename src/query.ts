/**
 * `stay-signed-in/query`: TanStack Query's cache, tied to who is signed in.
 *
 * @module stay-signed-in/query
 */
export { bindQueryClient, type BindQueryClientOptions, type CachePersister } from "./query/bindQueryClient.ts";
export { retryUnlessAuth } from "./query/retryUnlessAuth.ts";
export { type SessionQuery, sessionQueryOptions } from "./query/sessionQueryOptions.ts";
