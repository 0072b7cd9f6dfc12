import type { User } from "./authClient.ts";
import type { Claims } from "./authState.ts";

/**
 * The types of an app's own: what its server says of a user, what its tokens claim, and what it takes to sign in. Declared
 * once, they are known wherever this package hands one out or takes one.
 *
 * @example
 * declare module "stay-signed-in" {
 *   interface Register {
 *     user: { id: string; plan: "free" | "pro" };
 *     claims: { roles: string[] };
 *     credentials: { phone: string; pin: string };
 *   }
 * }
 */
export interface Register {}

/** The user of {@link Register}; without one, {@link User}. */
export type RegisteredUser = Register extends { user: infer Own } ? Own : User;

/** The claims of {@link Register}; without them, {@link Claims}: whatever the token has. */
export type RegisteredClaims = Register extends { claims: infer Own } ? Readonly<Own> : Claims;

/** The credentials of {@link Register}; without them, a user name and a password. */
export type RegisteredCredentials = Register extends { credentials: infer Own }
  ? Own
  : { username: string; password: string };
