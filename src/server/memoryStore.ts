import type {
  AuthStore,
  DeviceCode,
  EndedSession,
  Session,
  SessionEndReason,
  SessionRecord,
  Subject,
} from "./authStore.ts";
import { aFunction, checkOptions } from "./checkOptions.ts";
import { sessionStatus } from "./sessionStatus.ts";

/**
 * A store that forgets everything with the process: for tests, stories and trying things out.
 *
 * `now` is the time in milliseconds since 1970, so that a simulated clock can drive the server. Default: `Date.now`.
 */
export function memoryStore(options: { readonly now?: () => number } = {}): AuthStore {
  checkOptions<typeof options>("memoryStore", options, { now: aFunction });
  const { now = () => Date.now() } = options;
  const subjects = new Map<string, Subject>();
  const sessions = new Map<string, Session>();
  const placesOf = new Map<string, Map<string, number>>();
  const deviceCodes = new Map<string, DeviceCode>();
  let lastNumber = 0;

  const recordOf = (session: Session): SessionRecord => ({
    session,
    subject: subjects.get(session.subjectId) ?? null,
    now: now(),
  });

  function findByEmail(email: string): Subject | null {
    const wanted = email.toLowerCase();
    return [...subjects.values()].find((subject) => subject.email?.toLowerCase() === wanted) ?? null;
  }

  function endWhere(matches: (session: Session) => boolean, endReason: SessionEndReason): EndedSession[] {
    const ended = [...sessions.values()].filter((session) => session.endedAt === null && matches(session));
    for (const session of ended) sessions.set(session.id, { ...session, endedAt: now(), endReason });
    return ended.map(({ id, subjectId }) => ({ id, subjectId }));
  }

  function changeDeviceCode(hash: string, change: (deviceCode: DeviceCode) => DeviceCode | null): boolean {
    const before = deviceCodes.get(hash);
    const after = before === undefined ? null : change(before);
    if (after !== null) deviceCodes.set(hash, after);
    return after !== null;
  }

  const byUserCode = (userCode: string) => [...deviceCodes.values()].find((code) => code.userCode === userCode);

  return {
    clock: now,
    async ready() {},
    async close() {},

    async addSubject(subject) {
      if (subject.email !== null && findByEmail(subject.email) !== null) return null;
      const added = { ...subject, isActive: true, isSuperuser: false, credentialVersion: 1, createdAt: now() };
      subjects.set(subject.id, added);
      return added;
    },
    async upgradeGuest(subjectId, upgrade) {
      const before = subjects.get(subjectId);
      if (before?.isGuest !== true || !before.isActive) return null;
      if (upgrade.email !== null && findByEmail(upgrade.email) !== null) return null;
      const subject = { ...before, ...upgrade, isGuest: false };
      subjects.set(subjectId, subject);
      return subject;
    },
    async findSubject(id) {
      return subjects.get(id) ?? null;
    },
    async findSubjectByEmail(email) {
      return findByEmail(email);
    },
    async knownPlaces(subjectId, places) {
      return places.filter((place) => placesOf.get(subjectId)?.has(place));
    },
    async notePlaces(subjectId, places) {
      const noted = placesOf.get(subjectId) ?? new Map<string, number>();
      for (const place of places) noted.set(place, now());
      placesOf.set(subjectId, noted);
    },
    async replacePasswordHash(subjectId, from, to) {
      const subject = subjects.get(subjectId);
      if (subject?.passwordHash === from) subjects.set(subjectId, { ...subject, passwordHash: to });
    },
    async changePassword(subjectId, credentialVersion, passwordHash) {
      const before = subjects.get(subjectId);
      if (before?.credentialVersion !== credentialVersion) return null;
      const subject = { ...before, passwordHash, credentialVersion: credentialVersion + 1 };
      subjects.set(subjectId, subject);
      return { subject, endedSessions: endWhere((session) => session.subjectId === subjectId, "passwordChanged") };
    },
    async changeEmail(subjectId, credentialVersion, email) {
      const before = subjects.get(subjectId);
      const owner = findByEmail(email);
      if (before?.credentialVersion !== credentialVersion || (owner !== null && owner.id !== subjectId)) return null;
      const subject = { ...before, email, isVerified: false };
      subjects.set(subjectId, subject);
      return subject;
    },
    async changeSubject(subjectId, changes) {
      const before = subjects.get(subjectId);
      if (before === undefined) return null;
      const isActive = changes.isActive ?? before.isActive;
      const isSuperuser = changes.isSuperuser ?? before.isSuperuser;
      const endsSessions = (before.isActive && !isActive) || isSuperuser !== before.isSuperuser;
      const credentialVersion = before.credentialVersion + (endsSessions ? 1 : 0);
      const isVerified = changes.isVerified ?? before.isVerified;
      const subject = { ...before, isActive, isVerified, isSuperuser, credentialVersion };
      subjects.set(subjectId, subject);
      const isOutdated = (session: Session) =>
        session.subjectId === subjectId && session.credentialVersion !== credentialVersion;
      return { subject, endedSessions: endWhere(isOutdated, isActive ? "roleChanged" : "deactivated") };
    },
    async deleteSubject(subjectId) {
      subjects.delete(subjectId);
      placesOf.delete(subjectId);
      return endWhere((session) => session.subjectId === subjectId, "deleted");
    },

    async addSession({ idleMs, absoluteMs, numberAbove, authenticated, ...rest }) {
      const subject = subjects.get(rest.subjectId);
      if (subject?.isActive !== true || subject.credentialVersion !== rest.credentialVersion) return null;
      const existing = sessions.get(rest.id);
      if (existing !== undefined) return recordOf(existing);
      const madeAt = now();
      lastNumber = Math.max(lastNumber + 1, numberAbove + 1, Math.floor(madeAt));
      const session: Session = {
        ...rest,
        number: lastNumber,
        counter: 1,
        previous: 0,
        rotatedAt: 0,
        rotatedBy: "",
        repeatedAt: 0,
        createdAt: madeAt,
        authenticatedAt: authenticated ? madeAt : 0,
        lastRefreshedAt: madeAt,
        expiresAt: madeAt + Math.min(idleMs, absoluteMs),
        absoluteExpiresAt: madeAt + absoluteMs,
        endedAt: null,
        endReason: null,
      };
      sessions.set(session.id, session);
      return recordOf(session);
    },
    async readSessions(ids) {
      return [...new Set(ids)].flatMap((id) => sessions.get(id) ?? []).map(recordOf);
    },
    async listSessions(subjectId) {
      return [...sessions.values()].filter((session) => session.subjectId === subjectId).map(recordOf);
    },
    async rotateSession({ sessionId, counter, previous, nextCounter, nextPrevious, rotatedBy, graceMs, idleMs }) {
      const before = sessions.get(sessionId);
      if (before === undefined || before.counter !== counter || before.previous !== previous) return null;
      const rotatedAt = now();
      if (sessionStatus(recordOf(before)) !== "live") return null;
      if (graceMs > 0 && Math.max(before.rotatedAt, before.repeatedAt) > rotatedAt - graceMs) return null;
      const session = {
        ...before,
        counter: nextCounter,
        previous: nextPrevious,
        rotatedAt,
        rotatedBy,
        lastRefreshedAt: rotatedAt,
        expiresAt: Math.min(rotatedAt + idleMs, before.absoluteExpiresAt),
      };
      sessions.set(sessionId, session);
      return session;
    },
    async noteRepeat(sessionId, counter, previous) {
      const before = sessions.get(sessionId);
      if (before?.counter !== counter || before.previous !== previous || before.endedAt !== null) return null;
      const session = { ...before, repeatedAt: now() };
      sessions.set(sessionId, session);
      return session;
    },
    async endSessions(ids, reason) {
      return endWhere((session) => ids.includes(session.id), reason);
    },
    async endSessionsOfSubject(subjectId, exceptId, reason) {
      const subject = subjects.get(subjectId);
      const kept = sessions.get(exceptId ?? "");
      if (subject !== undefined) {
        const credentialVersion = subject.credentialVersion + 1;
        subjects.set(subjectId, { ...subject, credentialVersion });
        if (kept?.subjectId === subjectId) sessions.set(kept.id, { ...kept, credentialVersion });
      }
      for (const { deviceCodeHash, approvedBy } of deviceCodes.values()) {
        if (approvedBy !== subjectId) continue;
        changeDeviceCode(deviceCodeHash, (code) => (code.status === "approved" ? { ...code, status: "denied" } : null));
      }
      return endWhere((session) => session.subjectId === subjectId && session.id !== exceptId, reason);
    },
    async forgetReplaced(sessionId) {
      const session = sessions.get(sessionId);
      if (session !== undefined) sessions.set(sessionId, { ...session, replaces: [] });
    },

    async addDeviceCode({ lifetimeMs, ...rest }) {
      if (byUserCode(rest.userCode) !== undefined) return false;
      const createdAt = now();
      deviceCodes.set(rest.deviceCodeHash, {
        ...rest,
        createdAt,
        expiresAt: createdAt + lifetimeMs,
        polledAt: 0,
        status: "pending",
        approvedBy: null,
        approvingSessionId: null,
        sessionId: null,
        redeemedAt: null,
      });
      return true;
    },
    async findDeviceCode(deviceCodeHash) {
      const deviceCode = deviceCodes.get(deviceCodeHash);
      return deviceCode === undefined ? null : { deviceCode, now: now() };
    },
    async findDeviceCodeByUserCode(userCode) {
      const deviceCode = byUserCode(userCode);
      return deviceCode === undefined ? null : { deviceCode, now: now() };
    },
    async pollDeviceCode(deviceCodeHash, slowDownMs) {
      changeDeviceCode(deviceCodeHash, (code) => ({
        ...code,
        polledAt: now(),
        intervalMs: code.intervalMs + slowDownMs,
      }));
    },
    async answerDeviceCode(userCode, answer, approvedBy, approvingSessionId) {
      const found = byUserCode(userCode);
      if (found?.status !== "pending" || found.expiresAt <= now()) return false;
      return changeDeviceCode(found.deviceCodeHash, (code) => ({
        ...code,
        status: answer,
        approvedBy,
        approvingSessionId,
      }));
    },
    async redeemDeviceCode(deviceCodeHash, sessionId) {
      return changeDeviceCode(deviceCodeHash, (code) =>
        code.status === "approved" && code.expiresAt > now()
          ? { ...code, status: "redeemed", sessionId, redeemedAt: now() }
          : null,
      );
    },

    async sweep(retentionMs) {
      const before = now() - retentionMs;
      let removed = 0;
      for (const { id, endedAt, expiresAt } of sessions.values()) {
        if (Math.min(endedAt ?? expiresAt, expiresAt) < before && sessions.delete(id)) removed += 1;
      }
      for (const { deviceCodeHash, expiresAt } of deviceCodes.values()) {
        if (expiresAt < before && deviceCodes.delete(deviceCodeHash)) removed += 1;
      }
      return removed;
    },
    async sweepGuests(retentionMs) {
      const before = now() - retentionMs;
      const alive = new Set([...sessions.values()].map(({ subjectId }) => subjectId));
      const gone = [...subjects.values()].filter(
        ({ id, isGuest, createdAt }) => isGuest && createdAt < before && !alive.has(id),
      );
      for (const { id } of gone) {
        subjects.delete(id);
        placesOf.delete(id);
      }
      return gone.map(({ id }) => id);
    },
    async sweepPlaces(retentionMs) {
      const before = now() - retentionMs;
      let removed = 0;
      for (const places of placesOf.values()) {
        for (const [place, seenAt] of places) if (seenAt < before && places.delete(place)) removed += 1;
      }
      return removed;
    },
  };
}
