/**
 * `stay-signed-in/backends`: token APIs that many people have, described. Each is a `backend` for `createAuthClient`.
 *
 * @module stay-signed-in/backends
 */
export { aspNetIdentity, type AspNetIdentityOptions } from "./backends/aspNetIdentity.ts";
export {
  type AuthorizationRequest,
  createAuthorizationRequest,
  readCode,
} from "./backends/authorizationRequest.ts";
export { directus, type DirectusOptions } from "./backends/directus.ts";
export { djRestAuth, type DjRestAuthOptions } from "./backends/djRestAuth.ts";
export { codeCredentials, oauth2, type OAuth2Options } from "./backends/oauth2.ts";
export { pocketBase, type PocketBaseOptions } from "./backends/pocketBase.ts";
export type { KeptRefreshToken, PresetOptions } from "./backends/presetOptions.ts";
export { simpleJwt, type SimpleJwtOptions } from "./backends/simpleJwt.ts";
export { strapi, type StrapiOptions } from "./backends/strapi.ts";
