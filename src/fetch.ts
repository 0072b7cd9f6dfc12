/**
 * `stay-signed-in/fetch`: a `fetch` whose requests carry the session's access token, and survive its expiry.
 *
 * @module stay-signed-in/fetch
 */
export type { AuthorizationOptions, RequestAuthorization } from "./adapters/requestPolicy.ts";
export {
  type AuthorizedFetch,
  type AuthorizedRequestInit,
  type AuthorizeFetchOptions,
  authorizeFetch,
} from "./adapters/authorizeFetch.ts";
