import type { SessionRecord } from "./authStore.ts";

/** Whether the session may still be used, by the store's own time. */
export function sessionStatus({ session, subject, now }: SessionRecord): "live" | "revoked" | "expired" {
  if (session.endedAt !== null || subject === null || !subject.isActive) return "revoked";
  if (subject.credentialVersion !== session.credentialVersion) return "revoked";
  if (session.expiresAt <= now || session.absoluteExpiresAt <= now) return "expired";
  return "live";
}
