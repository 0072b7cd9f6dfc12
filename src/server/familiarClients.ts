import type { AuthServerContext } from "./authServerContext.ts";
import type { Session, Subject } from "./authStore.ts";
import { encodeBase64url, utf8 } from "./encoding.ts";
import { addressKey } from "./networkAddress.ts";
import type { PresentedSession } from "./presentedSessions.ts";
import { type RequestFacts, UNKNOWN_ADDRESS } from "./requestFacts.ts";

/** What is known of the client that wants to sign in as a subject. */
export interface FamiliarClient {
  /** By what strangers cannot show for the subject: the client has limits of its own, counted by it. Null for a stranger. */
  readonly knownBy: string | null;
  /** Whether it looks like a device that the subject has never signed in on. */
  readonly isNewDevice: boolean;
}

/** Whether the client has signed in as `subject` before: by a cookie of an earlier session, or where it is. */
export async function recogniseClient(
  server: AuthServerContext,
  facts: RequestFacts,
  subject: Subject | null,
  presented: readonly PresentedSession[],
): Promise<FamiliarClient> {
  // Asked for an unknown account, too, which must not be told from a known one by the time that it takes.
  const places = await placesOf(server, facts, "every key");
  const known = new Set(await server.store.knownPlaces(subject?.id ?? "", [...places.address, ...places.agent]));
  const isKnown = (marks: readonly string[]) => marks.some((mark) => known.has(mark));
  const session = presented.find(({ record }) => record.session.subjectId === subject?.id && isTrusted(record.session));
  if (session !== undefined) return { knownBy: `session ${session.record.session.id}`, isNewDevice: false };
  const isKnownAddress = isKnown(places.address);
  return {
    knownBy: isKnownAddress ? addressKey(facts.address) : null,
    isNewDevice: !isKnown(places.agent) || (places.address.length > 0 && !isKnownAddress),
  };
}

/** Remembers from where and with what the subject has signed in. */
export async function rememberClient(server: AuthServerContext, facts: RequestFacts, subjectId: string): Promise<void> {
  const { address, agent } = await placesOf(server, facts, "newest key");
  await server.store.notePlaces(subjectId, [...address, ...agent]);
}

/** What was taken from a thief is no sign of the owner. */
function isTrusted({ endReason }: Session): boolean {
  return endReason !== "reused" && endReason !== "revoked";
}

/** Under a key of the server, so that the database tells nobody's address. */
async function placesOf(server: AuthServerContext, facts: RequestFacts, keys: "every key" | "newest key") {
  const ring = await server.options.refreshSecrets;
  const secrets = keys === "every key" ? ring : ring.slice(0, 1);
  const mark = (text: string) => Promise.all(secrets.map((secret) => keyedMark(secret, text)));
  return {
    address: facts.address === UNKNOWN_ADDRESS ? [] : await mark(`address ${addressKey(facts.address)}`),
    // Without version numbers: a browser that was updated is the same one.
    agent: await mark(`agent ${(facts.userAgent ?? "").replaceAll(/[\d._]+/g, "")}`),
  };
}

async function keyedMark(secret: Uint8Array<ArrayBuffer>, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, utf8(`stay-signed-in place\n${text}`));
  return encodeBase64url(new Uint8Array(mac).subarray(0, 16));
}
