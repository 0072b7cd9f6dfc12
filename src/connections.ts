/**
 * `stay-signed-in/connections`: connections of any kind that follow who is signed in.
 *
 * @module stay-signed-in/connections
 */
export { type Connection, followIdentity, type FollowIdentityOptions } from "./adapters/followIdentity.ts";
