import type { TabLock } from "../core/ports.ts";
import type { StorageLockParts } from "./storageLock.ts";

/**
 * The lock for pages without Web Locks, loaded when it is first needed: only plain http on a network lacks them, and nobody else
 * shall download it. Where it cannot be loaded there is no lock, which costs a refresh and no session.
 */
export function createLazyStorageLock(parts: StorageLockParts): TabLock {
  let loading: Promise<TabLock | null> | null = null;
  const load = (): Promise<TabLock | null> => {
    loading ??= import("./storageLock.ts").then(
      ({ createStorageLock }) => createStorageLock(parts),
      () => null,
    );
    return loading;
  };

  return {
    async request(name, signal, work) {
      const lock = await load();
      if (signal.aborted) throw signal.reason;
      return lock === null ? work(false) : lock.request(name, signal, work);
    },
    announce(name) {
      const announced = load().then((lock) => lock?.announce(name));
      return () => void announced.then((withdraw) => withdraw?.());
    },
    countSiblings: async (name) => (await load())?.countSiblings(name) ?? 0,
    isHeld: async (name) => (await load())?.isHeld?.(name) ?? false,
  };
}
