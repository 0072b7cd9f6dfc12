/**
 * `stay-signed-in/axios`: an axios instance whose requests carry the session's access token, and survive its expiry.
 *
 * @module stay-signed-in/axios
 */
export type { AuthorizationOptions, RequestAuthorization } from "./adapters/requestPolicy.ts";
export { type AuthorizeAxiosOptions, type AuthorizedRequestConfig, authorizeAxios } from "./adapters/authorizeAxios.ts";
