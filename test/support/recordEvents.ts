import type { AuthClient, AuthEventName } from "../../src/core/authClient.ts";

const names: Readonly<Record<AuthEventName, true>> = {
  signedIn: true,
  signedOut: true,
  refreshed: true,
  refreshFailed: true,
  sessionEnded: true,
  identityChanged: true,
  stepUpRequired: true,
  sessionEnding: true,
};

/** Adds the name of whatever `client` tells from now on to `events`, in order. */
export function recordEvents(client: AuthClient, events: AuthEventName[] = []): AuthEventName[] {
  for (const name of Object.keys(names) as AuthEventName[]) client.on(name, () => void events.push(name));
  return events;
}
