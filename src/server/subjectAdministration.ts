import type { AuthServerContext } from "./authServerContext.ts";
import type { GuestUpgrade, Subject, SubjectChanges } from "./authStore.ts";
import { aText, checkOptions, trueOrFalse } from "./checkOptions.ts";
import { createSessionId } from "./sessionId.ts";
import { registerRequest } from "./wireSchemas.ts";

/** What an operator does to subjects; in process only, there is no endpoint for it. */
export interface SubjectAdministration {
  /** By id; null when there is none. */
  find(id: string): Promise<Subject | null>;
  /** By the e-mail address, whatever its case; null when there is none. */
  findByEmail(email: string): Promise<Subject | null>;
  /**
   * Makes an account, without a password unless one is given: for people who come by a passkey or an identity provider. Null
   * when the address is taken: look whose it is before you let somebody in by it, and link two ways in only where both sides
   * have confirmed the address.
   * @throws RangeError for a password that is refused, with the reason as its message.
   */
  add(subject: AddedSubject): Promise<Subject | null>;
  /**
   * Makes a guest an account with the same id, whose sessions go on: for a guest who comes by a way of your own for the first
   * time. Null when there is no such guest, or the address is taken.
   * @throws RangeError for a password that is refused, with the reason as its message.
   */
  upgradeGuest(guestId: string, subject: AddedSubject): Promise<Subject | null>;
  /**
   * Making a subject inactive, or a superuser or none any more, ends all of its sessions. Null when there is no such
   * subject.
   */
  change(id: string, changes: SubjectChanges): Promise<Subject | null>;
  /**
   * Sets a new password and ends all of the subject's sessions: what a password reset does in the end.
   * @throws RangeError for a password that is refused, with the reason as its message.
   */
  resetPassword(id: string, password: string): Promise<Subject | null>;
  /** Ends all of the subject's sessions; false when there is no such subject. */
  delete(id: string): Promise<boolean>;
  /** Ends all of the subject's sessions; the subject may sign in again. */
  endSessions(id: string): Promise<void>;
}

/** Whom {@link SubjectAdministration.add} makes. */
export interface AddedSubject {
  /** Default: none, so that it can be found by its id alone. */
  readonly email?: string | undefined;
  /** Default: none. */
  readonly password?: string | undefined;
  /** Whether the address is known to be theirs. Default false. */
  readonly isVerified?: boolean | undefined;
}

export function createSubjectAdministration(server: AuthServerContext): SubjectAdministration {
  const { store, passwords, passwordPolicy } = server;

  async function refuseBadPassword(password: string, email: string | null): Promise<void> {
    const objection = await passwordPolicy.objection(password, { email });
    if (objection !== null) throw new RangeError(objection);
  }

  async function accountOf(owner: string, subject: AddedSubject): Promise<GuestUpgrade> {
    checkOptions<AddedSubject>(owner, subject, { email: aText, password: aText, isVerified: trueOrFalse });
    const { email = null, password, isVerified = false } = subject;
    if (email !== null && !registerRequest.shape.email.safeParse(email).success) {
      throw new RangeError(`\`${owner}\`: this is no e-mail address.`);
    }
    if (password !== undefined) await refuseBadPassword(password, email);
    return {
      email,
      isVerified,
      passwordHash: password === undefined ? null : await passwords.hash(password, "operator"),
    };
  }

  return {
    async add(subject) {
      const account = await accountOf("subjects.add", subject);
      const made = await store.addSubject({ id: createSessionId(), ...account, isGuest: false });
      if (made !== null) server.audit("registered", null, { subject: made.id });
      return made;
    },
    async upgradeGuest(guestId, subject) {
      const upgraded = await store.upgradeGuest(guestId, await accountOf("subjects.upgradeGuest", subject));
      if (upgraded === null) return null;
      server.audit("registered", null, { subject: guestId });
      server.audit("guestUpgraded", null, { subject: guestId });
      return upgraded;
    },
    find: (id) => store.findSubject(id),
    findByEmail: (email) => store.findSubjectByEmail(email),
    async change(id, changes) {
      const changed = await store.changeSubject(id, changes);
      const reason = changed?.subject.isActive === false ? "deactivated" : "roleChanged";
      if (changed !== null) server.announceEnd(changed.endedSessions, reason, null);
      return changed?.subject ?? null;
    },
    async resetPassword(id, password) {
      const owner = await store.findSubject(id);
      await refuseBadPassword(password, owner?.email ?? null);
      const hash = await passwords.hash(password, "operator");
      // Only against another change of the password in the same moment does this take a second turn.
      for (let subject = await store.findSubject(id); subject !== null; subject = await store.findSubject(id)) {
        const changed = await store.changePassword(id, subject.credentialVersion, hash);
        if (changed === null) continue;
        server.audit("passwordChanged", null, { subject: id });
        server.announceEnd(changed.endedSessions, "passwordChanged", null);
        return changed.subject;
      }
      return null;
    },
    async delete(id) {
      const existed = (await store.findSubject(id)) !== null;
      server.announceEnd(await store.deleteSubject(id), "deleted", null);
      return existed;
    },
    async endSessions(id) {
      server.announceEnd(await store.endSessionsOfSubject(id, null, "revoked"), "revoked", null);
    },
  };
}
