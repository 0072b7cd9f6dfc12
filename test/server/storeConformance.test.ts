import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuthStore, NewDeviceCode, NewSession } from "../../src/server/authStore.ts";
import { createSessionId } from "../../src/server/sessionId.ts";
import { prepareEngines } from "./support/engines.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-25T12:00:00Z");
let now = START;
const engines = prepareEngines();

describe.each(engines)("the $name store", ({ isHere, open }) => {
  let store: AuthStore;

  beforeEach(async () => {
    now = START;
    if (!isHere) return;
    store = await open({ now: () => now });
    await store.ready();
  });
  afterEach(async () => {
    if (isHere) await store.close();
  });

  async function addSubject(email: string | null = "ada@example.org") {
    const subject = await store.addSubject({
      id: createSessionId(),
      email,
      passwordHash: email === null ? null : "hash",
      isVerified: false,
      isGuest: email === null,
    });
    if (subject === null) throw new Error("The address is taken.");
    return subject;
  }

  function newSession(subjectId: string, changes: Partial<NewSession> = {}): NewSession {
    return {
      id: createSessionId(),
      secret: "c2VjcmV0",
      subjectId,
      credentialVersion: 1,
      transport: "cookie",
      idleMs: HOUR,
      absoluteMs: 10 * HOUR,
      numberAbove: 0,
      replaces: [],
      authenticated: true,
      boundKey: "a key's thumbprint",
      userAgent: "Test/1",
      clientName: null,
      method: "password",
      amr: ["pwd", "otp", "mfa"],
      persistent: true,
      ...changes,
    };
  }

  async function addSession(subjectId: string, changes: Partial<NewSession> = {}) {
    const record = await store.addSession(newSession(subjectId, changes));
    if (record === null) throw new Error("No session was made.");
    return record.session;
  }

  const step = (sessionId: string, counter: number, previous: number, graceMs = 30_000) => ({
    sessionId,
    counter,
    previous,
    nextCounter: counter + 1,
    nextPrevious: counter,
    rotatedBy: "a caller's mark",
    graceMs,
    idleMs: HOUR,
  });

  const read = async (id: string) => (await store.readSessions([id]))[0];

  const check = (name: string, test: () => Promise<void>) =>
    isHere ? it(name, test) : it.skip(`${name} (there is no PostgreSQL here)`, test);

  check("gives a subject back as it was added, by id and by address in any case", async () => {
    const ada = await addSubject("Ada@Example.org");
    expect(ada).toEqual({
      id: ada.id,
      email: "Ada@Example.org",
      passwordHash: "hash",
      isActive: true,
      isSuperuser: false,
      isVerified: false,
      isGuest: false,
      credentialVersion: 1,
      createdAt: START,
    });
    expect(await store.findSubject(ada.id)).toEqual(ada);
    expect(await store.findSubjectByEmail("aDA@example.ORG")).toEqual(ada);
    expect(await store.findSubject("nobody")).toBeNull();
    expect(await store.findSubjectByEmail("nobody@example.org")).toBeNull();
  });

  check("takes an address once, whatever its case, and any number of guests without one", async () => {
    await addSubject("ada@example.org");
    const again = { id: "x", email: "ADA@example.org", passwordHash: "h", isVerified: false, isGuest: false };
    expect(await store.addSubject(again)).toBeNull();
    const guests = [await addSubject(null), await addSubject(null)];
    expect(new Set(guests.map(({ id }) => id)).size).toBe(2);
  });

  check("makes a guest an account with the same id, whose sessions go on", async () => {
    const guest = await addSubject(null);
    const session = await addSession(guest.id);
    const account = { email: "Ada@example.org", passwordHash: "hash", isVerified: true };
    const upgraded = await store.upgradeGuest(guest.id, account);
    expect(upgraded).toEqual({ ...guest, ...account, isGuest: false });
    expect(await store.findSubjectByEmail("ada@example.org")).toEqual(upgraded);
    expect((await read(session.id))?.session.endedAt).toBeNull();
    expect(await store.rotateSession(step(session.id, 1, 0))).not.toBeNull();
  });

  check("makes nobody an account who is no guest, is inactive, or wants an address that is taken", async () => {
    const ada = await addSubject("ada@example.org");
    const [guest, barred] = [await addSubject(null), await addSubject(null)];
    await store.changeSubject(barred.id, { isActive: false });
    const account = (email: string | null) => ({ email, passwordHash: "hash", isVerified: false });
    expect(await store.upgradeGuest(ada.id, account("other@example.org"))).toBeNull();
    expect(await store.upgradeGuest(barred.id, account("other@example.org"))).toBeNull();
    expect(await store.upgradeGuest("nobody", account("other@example.org"))).toBeNull();
    expect(await store.upgradeGuest(guest.id, account("ADA@example.org"))).toBeNull();
    expect(await store.findSubject(guest.id)).toEqual(guest);
    expect(await store.upgradeGuest(guest.id, account(null))).toMatchObject({ email: null, isGuest: false });
  });

  check("lets one of many guests who want the same address at once through", async () => {
    const guests = await Promise.all(Array.from({ length: 8 }, () => addSubject(null)));
    const account = { email: "a@b.org", passwordHash: "h", isVerified: false };
    const upgraded = await Promise.all(guests.map(({ id }) => store.upgradeGuest(id, account)));
    expect(upgraded.filter((subject) => subject !== null)).toHaveLength(1);
  });

  check("changes an address to one that nobody else has, as long as the password is still the same", async () => {
    const [ada, bob] = [await addSubject("ada@example.org"), await addSubject("bob@example.org")];
    expect(await store.changeEmail(ada.id, 1, "BOB@example.org")).toBeNull();
    expect(await store.changeEmail(ada.id, 2, "grace@example.org")).toBeNull();
    expect(await store.changeEmail("nobody", 1, "grace@example.org")).toBeNull();
    const session = await addSession(ada.id);
    const changed = await store.changeEmail(ada.id, 1, "Grace@example.org");
    expect(changed).toMatchObject({ id: ada.id, email: "Grace@example.org", isVerified: false, credentialVersion: 1 });
    expect(await store.findSubjectByEmail("grace@example.org")).toEqual(changed);
    expect(await store.findSubjectByEmail("ada@example.org")).toBeNull();
    expect((await read(session.id))?.session.endedAt).toBeNull();
    // Its own address in another spelling is nobody else's.
    expect(await store.changeEmail(ada.id, 1, "grace@Example.org")).toMatchObject({ email: "grace@Example.org" });
    expect(await store.findSubject(bob.id)).toEqual(bob);
  });

  check("lets one of many who want the same new address at once through", async () => {
    const people = await Promise.all(Array.from({ length: 8 }, (_, index) => addSubject(`old${index}@example.org`)));
    const changed = await Promise.all(people.map(({ id }) => store.changeEmail(id, 1, "new@example.org")));
    expect(changed.filter((subject) => subject !== null)).toHaveLength(1);
  });

  check("lets one of many registrations of the same address at once through", async () => {
    const attempts = Array.from({ length: 12 }, () =>
      store.addSubject({
        id: createSessionId(),
        email: "a@b.org",
        passwordHash: "h",
        isVerified: false,
        isGuest: false,
      }),
    );
    expect((await Promise.all(attempts)).filter((subject) => subject !== null)).toHaveLength(1);
  });

  check("keeps how somebody signed in, and for how long, through rotations", async () => {
    const ada = await addSubject();
    const session = await addSession(ada.id, { method: null, amr: [], persistent: false });
    expect(session).toMatchObject({ method: null, amr: [], persistent: false });
    expect(await store.rotateSession(step(session.id, 1, 0))).toMatchObject({
      method: null,
      amr: [],
      persistent: false,
    });
  });

  check("makes a session that has not rotated, and reads it back with its subject and the time", async () => {
    const ada = await addSubject();
    const wanted = newSession(ada.id, { replaces: ["one", "two"], clientName: "command line" });
    const record = await store.addSession(wanted);
    expect(record?.subject).toEqual(ada);
    expect(record?.now).toBe(START);
    expect(record?.session).toEqual({
      id: wanted.id,
      subjectId: ada.id,
      number: START,
      transport: "cookie",
      secret: "c2VjcmV0",
      counter: 1,
      previous: 0,
      rotatedAt: 0,
      rotatedBy: "",
      boundKey: "a key's thumbprint",
      repeatedAt: 0,
      credentialVersion: 1,
      createdAt: START,
      authenticatedAt: START,
      lastRefreshedAt: START,
      expiresAt: START + HOUR,
      absoluteExpiresAt: START + 10 * HOUR,
      endedAt: null,
      endReason: null,
      replaces: ["one", "two"],
      userAgent: "Test/1",
      clientName: "command line",
      method: "password",
      amr: ["pwd", "otp", "mfa"],
      persistent: true,
    });
    expect(await store.readSessions([wanted.id])).toEqual([record]);
    expect(await store.readSessions([])).toEqual([]);
    expect(await read("none")).toBeUndefined();
    await store.forgetReplaced(wanted.id);
    expect((await read(wanted.id))?.session.replaces).toEqual([]);
    expect((await addSession(ada.id, { authenticated: false })).authenticatedAt).toBe(0);
  });

  check("draws numbers that only grow: with the clock, above those before and above those asked for", async () => {
    const { id } = await addSubject();
    const first = await addSession(id);
    const second = await addSession(id);
    expect([first.number, second.number]).toEqual([START, START + 1]);
    expect((await addSession(id, { numberAbove: START + 500 })).number).toBe(START + 501);
    now = START - HOUR;
    expect((await addSession(id)).number).toBe(START + 502);
    now = START + HOUR;
    expect((await addSession(id, { numberAbove: 5 })).number).toBe(START + HOUR);
    const many = await Promise.all(Array.from({ length: 10 }, () => addSession(id)));
    expect(new Set(many.map(({ number }) => number)).size).toBe(10);
  });

  check("makes no session for a subject that is gone, inactive or has another credential version", async () => {
    const { id } = await addSubject();
    expect(await store.addSession(newSession("nobody"))).toBeNull();
    expect(await store.addSession(newSession(id, { credentialVersion: 2 }))).toBeNull();
    await store.changeSubject(id, { isActive: false });
    expect(await store.addSession(newSession(id))).toBeNull();
  });

  check("leaves a session that has the id already as it is", async () => {
    const { id } = await addSubject();
    const first = await addSession(id);
    await store.rotateSession(step(first.id, 1, 0));
    const again = await store.addSession(newSession(id, { id: first.id, transport: "body" }));
    expect(again?.session).toMatchObject({ id: first.id, transport: "cookie", counter: 2 });
  });

  check("rotates once for each state of the row, and only after the grace time", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    now += 1000;
    const rotated = await store.rotateSession(step(session.id, 1, 0));
    expect(rotated).toEqual({
      ...session,
      counter: 2,
      previous: 1,
      rotatedAt: now,
      rotatedBy: "a caller's mark",
      lastRefreshedAt: now,
      expiresAt: now + HOUR,
    });
    expect(await store.rotateSession(step(session.id, 1, 0))).toBeNull();
    now += 29_999;
    expect(await store.rotateSession(step(session.id, 2, 1))).toBeNull();
    now += 1;
    expect(await store.rotateSession(step(session.id, 2, 9))).toBeNull();
    expect(await store.rotateSession(step(session.id, 2, 1))).toMatchObject({ counter: 3, previous: 2 });
    expect(await store.rotateSession(step(session.id, 3, 2, 0))).toMatchObject({ counter: 4, previous: 3 });
  });

  check("notes when the current token was repeated, which puts the next rotation off by the grace time", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    await store.rotateSession(step(session.id, 1, 0));
    now += 20_000;
    expect(await store.noteRepeat(session.id, 1, 0)).toBeNull();
    expect(await store.noteRepeat(session.id, 2, 1)).toMatchObject({ counter: 2, previous: 1, repeatedAt: now });
    now += 29_999;
    expect(await store.rotateSession(step(session.id, 2, 1))).toBeNull();
    now += 1;
    expect(await store.rotateSession(step(session.id, 2, 1))).toMatchObject({ counter: 3, repeatedAt: now - 30_000 });
    await store.endSessions([session.id], "revoked");
    expect(await store.noteRepeat(session.id, 3, 2)).toBeNull();
  });

  check("lets one of many rotations at once through", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    const attempts = await Promise.all(Array.from({ length: 32 }, () => store.rotateSession(step(session.id, 1, 0))));
    expect(attempts.filter((rotated) => rotated !== null)).toHaveLength(1);
    expect((await read(session.id))?.session).toMatchObject({ counter: 2, previous: 1 });
  });

  check("moves the idle deadline at each rotation, never past the end of the session", async () => {
    const { id } = await addSubject();
    const session = await addSession(id, { absoluteMs: 1.5 * HOUR });
    now = START + 0.75 * HOUR;
    expect((await store.rotateSession(step(session.id, 1, 0)))?.expiresAt).toBe(START + 1.5 * HOUR);
    now = START + 1.5 * HOUR;
    expect(await store.rotateSession(step(session.id, 2, 1))).toBeNull();
  });

  check("does not rotate an idle, ended or disowned session", async () => {
    const { id } = await addSubject();
    const [idle, ended, disowned] = [await addSession(id), await addSession(id), await addSession(id)];
    expect(await store.endSessions([ended.id], "signedOut")).toEqual([{ id: ended.id, subjectId: id }]);
    expect(await store.rotateSession(step(ended.id, 1, 0))).toBeNull();
    now += HOUR;
    expect(await store.rotateSession(step(idle.id, 1, 0))).toBeNull();
    now -= HOUR;
    await store.changePassword(id, 1, "other");
    expect(await store.rotateSession(step(disowned.id, 1, 0))).toBeNull();
    const guest = await addSubject(null);
    const left = await addSession(guest.id);
    await store.deleteSubject(guest.id);
    expect(await store.rotateSession(step(left.id, 1, 0))).toBeNull();
    expect(await read(left.id)).toMatchObject({ subject: null, session: { endReason: "deleted" } });
  });

  check("ends each session once, with its reason and moment", async () => {
    const { id } = await addSubject();
    const [one, two, three] = [await addSession(id), await addSession(id), await addSession(id)];
    const stranger = await addSession((await addSubject(null)).id);
    now += 5;
    expect(await store.endSessions([one.id, "none"], "signedOut")).toEqual([{ id: one.id, subjectId: id }]);
    expect(await store.endSessions([one.id], "revoked")).toEqual([]);
    expect((await read(one.id))?.session).toMatchObject({ endedAt: now, endReason: "signedOut" });
    expect(await store.endSessions([], "revoked")).toEqual([]);
    expect(await store.endSessionsOfSubject(id, two.id, "revoked")).toEqual([{ id: three.id, subjectId: id }]);
    expect((await read(two.id))?.session.endedAt).toBeNull();
    expect(await store.endSessionsOfSubject(id, null, "revoked")).toEqual([{ id: two.id, subjectId: id }]);
    expect((await read(stranger.id))?.session.endedAt).toBeNull();
    expect((await store.listSessions(id)).map(({ session }) => session.id).toSorted()).toEqual(
      [one.id, two.id, three.id].toSorted(),
    );
  });

  check("changes a password once per version, and ends every session with it", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    const changed = await store.changePassword(id, 1, "new");
    expect(changed?.subject).toMatchObject({ passwordHash: "new", credentialVersion: 2 });
    expect(changed?.endedSessions).toEqual([{ id: session.id, subjectId: id }]);
    expect(await store.changePassword(id, 1, "newer")).toBeNull();
    expect(await store.findSubject(id)).toMatchObject({ passwordHash: "new", credentialVersion: 2 });
  });

  check("swaps the hash of a password only for the one that it was made of", async () => {
    const { id } = await addSubject();
    await store.replacePasswordHash(id, "other", "wrong");
    expect((await store.findSubject(id))?.passwordHash).toBe("hash");
    await store.replacePasswordHash(id, "hash", "stronger");
    expect(await store.findSubject(id)).toMatchObject({ passwordHash: "stronger", credentialVersion: 1 });
  });

  check("changes what is said of a subject, and ends its sessions when it becomes inactive", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    const verified = await store.changeSubject(id, { isVerified: true });
    expect(verified).toMatchObject({
      subject: { isVerified: true, isActive: true },
      endedSessions: [],
    });
    const inactive = await store.changeSubject(id, { isActive: false });
    expect(inactive).toMatchObject({
      subject: { isVerified: true, isActive: false },
      endedSessions: [{ id: session.id, subjectId: id }],
    });
    expect(await store.changeSubject("nobody", { isActive: false })).toBeNull();
  });

  const newCode = (changes: Partial<NewDeviceCode> = {}): NewDeviceCode => ({
    deviceCodeHash: createSessionId(),
    userCode: "BCDFGHJK",
    clientId: "cli",
    lifetimeMs: 600_000,
    intervalMs: 5_000,
    address: "192.0.2.1",
    userAgent: null,
    ...changes,
  });

  check("takes a user code once, and finds it by either code", async () => {
    const code = newCode();
    expect(await store.addDeviceCode(code)).toBe(true);
    expect(await store.addDeviceCode(newCode())).toBe(false);
    const found = await store.findDeviceCode(code.deviceCodeHash);
    expect(found).toEqual({
      now: START,
      deviceCode: {
        deviceCodeHash: code.deviceCodeHash,
        userCode: "BCDFGHJK",
        clientId: "cli",
        createdAt: START,
        expiresAt: START + 600_000,
        intervalMs: 5_000,
        polledAt: 0,
        status: "pending",
        approvedBy: null,
        approvingSessionId: null,
        sessionId: null,
        redeemedAt: null,
        address: "192.0.2.1",
        userAgent: null,
      },
    });
    expect(await store.findDeviceCodeByUserCode("BCDFGHJK")).toEqual(found);
    expect(await store.findDeviceCode("none")).toBeNull();
    await store.pollDeviceCode(code.deviceCodeHash, 5_000);
    expect((await store.findDeviceCode(code.deviceCodeHash))?.deviceCode).toMatchObject({
      polledAt: START,
      intervalMs: 10_000,
    });
  });

  check("answers and redeems a device code once, while it lasts", async () => {
    const code = newCode();
    await store.addDeviceCode(code);
    expect(await store.redeemDeviceCode(code.deviceCodeHash, "s")).toBe(false);
    expect(await store.answerDeviceCode("BCDFGHJK", "approved", "ada", "session")).toBe(true);
    expect(await store.answerDeviceCode("BCDFGHJK", "denied", "eve", "other")).toBe(false);
    const redemptions = await Promise.all(["a", "b", "c"].map((id) => store.redeemDeviceCode(code.deviceCodeHash, id)));
    expect(redemptions.filter(Boolean)).toHaveLength(1);
    expect((await store.findDeviceCode(code.deviceCodeHash))?.deviceCode).toMatchObject({
      status: "redeemed",
      approvedBy: "ada",
      approvingSessionId: "session",
      redeemedAt: START,
    });
    const late = newCode({ userCode: "XXXXZZZZ" });
    await store.addDeviceCode(late);
    now += 600_000;
    expect(await store.answerDeviceCode("XXXXZZZZ", "approved", "ada", "session")).toBe(false);
  });

  check("sweeps what ended long enough ago, and nothing else", async () => {
    const { id } = await addSubject();
    const [ended, expired, live] = [
      await addSession(id),
      await addSession(id),
      await addSession(id, { idleMs: 10 * HOUR }),
    ];
    await store.addDeviceCode(newCode());
    await store.endSessions([ended.id], "signedOut");
    now = START + 2 * HOUR;
    expect(await store.sweep(3 * HOUR)).toBe(0);
    expect(await store.sweep(1.5 * HOUR)).toBe(2);
    expect(await read(ended.id)).toBeUndefined();
    expect(await read(expired.id)).toBeDefined();
    expect(await store.sweep(0.5 * HOUR)).toBe(1);
    expect(await read(expired.id)).toBeUndefined();
    expect(await read(live.id)).toBeDefined();
  });

  // X06
  check(
    "makes no session of a sign-in that began before its subject was deactivated, also once it is active again",
    async () => {
      const { id, credentialVersion } = await addSubject();
      await store.changeSubject(id, { isActive: false });
      const again = await store.changeSubject(id, { isActive: true });
      expect(await store.addSession(newSession(id, { credentialVersion }))).toBeNull();
      const version = again?.subject.credentialVersion ?? 0;
      expect(await store.addSession(newSession(id, { credentialVersion: version }))).not.toBeNull();
    },
  );

  // 16.7
  check("ends every session when the role changes, and none when nothing does", async () => {
    const { id } = await addSubject();
    const session = await addSession(id);
    expect((await store.changeSubject(id, { isSuperuser: false, isActive: true }))?.endedSessions).toEqual([]);
    expect((await store.changeSubject(id, { isVerified: true }))?.endedSessions).toEqual([]);
    const promoted = await store.changeSubject(id, { isSuperuser: true });
    expect(promoted?.endedSessions).toEqual([{ id: session.id, subjectId: id }]);
    expect((await read(session.id))?.session.endReason).toBe("roleChanged");
    const demoted = await store.changeSubject(id, { isSuperuser: false });
    expect(demoted?.subject.credentialVersion).toBe((promoted?.subject.credentialVersion ?? 0) + 1);
  });

  // 16.7
  check("signs a subject out everywhere else: sessions under way and approved device codes, too", async () => {
    const { id, credentialVersion } = await addSubject();
    const [own, other] = [await addSession(id), await addSession(id)];
    const [approved, pending] = [newCode({ userCode: "BBBBCCCC" }), newCode({ userCode: "DDDDFFFF" })];
    for (const code of [approved, pending]) await store.addDeviceCode(code);
    await store.answerDeviceCode("BBBBCCCC", "approved", id, own.id);
    expect(await store.endSessionsOfSubject(id, own.id, "revoked")).toEqual([{ id: other.id, subjectId: id }]);
    expect((await store.findDeviceCode(approved.deviceCodeHash))?.deviceCode.status).toBe("denied");
    expect((await store.findDeviceCode(pending.deviceCodeHash))?.deviceCode.status).toBe("pending");
    expect(await store.addSession(newSession(id, { credentialVersion }))).toBeNull();
    expect(await store.rotateSession(step(own.id, 1, 0))).not.toBeNull();
    expect(await store.endSessionsOfSubject("nobody", null, "revoked")).toEqual([]);
  });

  // X09
  check("removes guests of whom no session is left, and nobody else", async () => {
    const guest = (id: string) =>
      store.addSubject({ id, email: null, passwordHash: null, isVerified: false, isGuest: true });
    for (const id of ["gone", "here", "unborn"]) await guest(id);
    const { id: user } = await addSubject();
    const ended = await addSession("gone");
    await addSession("here", { idleMs: 100 * HOUR, absoluteMs: 100 * HOUR });
    await store.endSessions([ended.id], "signedOut");
    now = START + 10 * HOUR;
    expect(await store.sweepGuests(11 * HOUR)).toEqual([]);
    // An ended session's row still says whose it was.
    expect(await store.sweepGuests(5 * HOUR)).toEqual(["unborn"]);
    await store.sweep(5 * HOUR);
    expect(await store.sweepGuests(5 * HOUR)).toEqual(["gone"]);
    expect(await store.findSubject("gone")).toBeNull();
    expect(await store.findSubject("here")).not.toBeNull();
    expect(await store.findSubject(user)).not.toBeNull();
  });

  check("knows from where each subject signs in, until that was long ago or the subject is gone", async () => {
    const { id } = await addSubject();
    await store.notePlaces(id, ["home", "phone"]);
    await store.notePlaces("bob", ["office"]);
    expect((await store.knownPlaces(id, ["home", "office", "phone"])).toSorted()).toEqual(["home", "phone"]);
    expect(await store.knownPlaces("nobody", ["home"])).toEqual([]);
    expect(await store.knownPlaces(id, [])).toEqual([]);
    now = START + 2 * HOUR;
    await store.notePlaces(id, ["home"]);
    expect(await store.sweepPlaces(HOUR)).toBe(2);
    expect(await store.knownPlaces(id, ["home", "phone"])).toEqual(["home"]);
    await store.deleteSubject(id);
    expect(await store.knownPlaces(id, ["home"])).toEqual([]);
  });

  check("tells the time as its database does when nobody moves it by hand", async () => {
    const own = await open({});
    await own.ready();
    const before = Date.now();
    const subject = await own.addSubject({
      id: "x",
      email: null,
      passwordHash: null,
      isVerified: false,
      isGuest: true,
    });
    const record = await own.addSession(newSession(subject?.id ?? ""));
    expect(Math.abs((record?.now ?? 0) - before)).toBeLessThan(60_000);
    expect(Math.abs(own.clock() - before)).toBeLessThan(60_000);
    const rotated = await own.rotateSession(step(record?.session.id ?? "", 1, 0));
    expect(rotated?.rotatedAt).toBeGreaterThanOrEqual(record?.now ?? Number.POSITIVE_INFINITY);
    expect(await own.rotateSession(step(record?.session.id ?? "", 2, 1))).toBeNull();
    await own.close();
  });
});
