/**
 * `stay-signed-in/endings`: how a session ends, foreseen: a warning before its end, and a sign-out of whoever is away.
 *
 * @module stay-signed-in/endings
 */
export { type ForeseeOptions, foreseeSessionEnd, type ForeseenEnd } from "./endings/foreseeSessionEnd.ts";
export { type IdleOptions, type IdleSignOut, signOutWhenIdle } from "./endings/signOutWhenIdle.ts";
