/**
 * `stay-signed-in/bound`: refreshes that prove a key which cannot be copied (DPoP, RFC 9449).
 *
 * @module stay-signed-in/bound
 */
export { type BindSessionOptions, bindSession } from "./bound/bindSession.ts";
export type { LoadSessionKey, SessionKey } from "./bound/sessionKey.ts";
