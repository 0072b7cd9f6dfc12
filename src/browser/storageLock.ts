import type { Clock, SharedStorage, TabLock } from "../core/ports.ts";
import { readLease, writeLease } from "./lease.ts";
import { createStoragePresence } from "./storagePresence.ts";

/** How long a holder that is not heard of any more (crashed, frozen, throttled) keeps others waiting. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;
/**
 * How long a claim must stand unopposed where other tabs may claim as well: more than twice as long as a write takes to be seen
 * in another process. Whoever has not seen this claim yet writes its own just before it would, and that one is seen as late again.
 */
const CLAIM_MS = 300;
/** The same for a tab that is by itself. */
const CLAIM_ALONE_MS = 40;
const LOOK_AGAIN_MS = 100;

const leaseKeyOf = (name: string): string => `${name}.lease`;

export interface StorageLockParts {
  storage: SharedStorage;
  clock: Clock;
  random: () => number;
}

/**
 * The cross-tab lock where there are no Web Locks (plain http): a lease in shared storage, claimed by writing and
 * looking again, since storage knows no compare-and-set. Looser than the real one: a holder that is frozen or
 * throttled loses it after 5 s, and two tabs may hold it at once when a write takes more than 150 ms to be seen.
 * Storage that throws means no lock: the work runs.
 */
export function createStorageLock({ storage, clock, random }: StorageLockParts): TabLock {
  // When it is first needed: a client is made on servers, too, where a page that is rendered may depend on nothing random.
  let name: string | undefined;
  const ownName = (): string => (name ??= Math.floor(random() * 2 ** 48).toString(36));
  let claims = 0;
  const presence = createStoragePresence({ storage, clock, ownName });
  let announcedAs: string | null = null;

  /** Who has not announced itself does not know who else is there. */
  async function claimMs(): Promise<number> {
    const isAlone = announcedAs !== null && (await presence.countSiblings(announcedAs)) === 0;
    return isAlone ? CLAIM_ALONE_MS : CLAIM_MS;
  }

  return {
    ...presence,
    announce(name) {
      announcedAs = name;
      return presence.announce(name);
    },
    async isHeld(name) {
      return attempt(() => readLease(storage, leaseKeyOf(name), clock.now(), LEASE_MS) !== null).value ?? false;
    },
    async request(name, signal, work) {
      const key = leaseKeyOf(name);
      claims += 1;
      // Numbered, so that two requests of one tab keep each other out as well.
      const owner = `${ownName()}.${claims}`;
      const { waited, release } = await claim({ storage, clock, random, claimMs, key, owner, signal });
      try {
        return await work(waited);
      } finally {
        release();
      }
    },
  };
}

interface Claim extends StorageLockParts {
  readonly claimMs: () => Promise<number>;
  readonly key: string;
  readonly owner: string;
  readonly signal: AbortSignal;
}

async function claim(own: Claim): Promise<{ waited: boolean; release(): void }> {
  const { storage, clock, random, claimMs, key, owner, signal } = own;
  const holder = () => readLease(storage, key, clock.now(), LEASE_MS)?.owner ?? null;
  const hold = () => attempt(() => writeLease(storage, key, { owner, until: clock.now() + LEASE_MS }));
  const free = () => attempt(() => holder() === owner && writeLease(storage, key, null));

  let waited = false;
  for (;;) {
    signal.throwIfAborted();
    const found = attempt(holder);
    // Blocked or full storage cannot keep anybody out: go on without, as if there were no lock at all.
    if (!found.works || (found.value === null && !hold().works)) return { waited, release() {} };
    if (found.value === null) {
      await pause(clock, (await claimMs()) * (1 + random() / 4), signal);
      // Whoever wrote last has it; each of the others sees so after a time of its own.
      if (!signal.aborted && attempt(holder).value === owner) break;
      if (signal.aborted) free();
    } else {
      await pause(clock, LOOK_AGAIN_MS * (0.5 + random()), signal);
    }
    waited = true;
  }

  let cancel = () => {};
  const renew = () => {
    // After a freeze it may be somebody else's: taking it back would let two run where one does.
    if (attempt(holder).value === owner) hold();
    cancel = clock.setTimer(renew, RENEW_MS);
  };
  renew();
  return {
    waited,
    release() {
      cancel();
      free();
    },
  };
}

/** Runs `action` on storage that may throw. */
function attempt<T>(action: () => T): { works: boolean; value?: T } {
  try {
    return { works: true, value: action() };
  } catch {
    return { works: false };
  }
}

/** Lets time pass, or less when `signal` aborts. */
function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.setTimer(end, delayMs);
    signal.addEventListener("abort", end, { once: true });
  });
}
