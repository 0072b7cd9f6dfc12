import type { ServerEntry } from "./sessionFileFormat.ts";

/** Why there is no session here, and how to begin one. */
export function describeEnd({ session, ended }: ServerEntry, address: string): string {
  const signIn = `Sign in with: stay-signed-in login --url ${address}`;
  if (ended?.reason === "revoked") return `The session at ${address} was ended by the server. ${signIn}`;
  if (ended !== null) return `The session at ${address} has expired. ${signIn}`;
  return session === null
    ? `Nobody is signed in at ${address}. ${signIn}`
    : `The session at ${address} has ended. ${signIn}`;
}
