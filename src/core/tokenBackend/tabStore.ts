import type { TabChannel } from "../ports.ts";
import type { TokenBackendPlatform } from "./tokenBackendOptions.ts";
import { createMapStore, type TokenStore } from "./tokenStore.ts";

// Tabs answer each other within some milliseconds, unless they are frozen.
const ANSWER_WITHIN_MS = 100;

type Message = { readonly kind: "ask" } | { readonly kind: "have"; readonly key: string; readonly value: string };

/**
 * A store for what lies in no storage that tabs share: each keeps a copy and tells the others of every change; one that has just
 * opened asks them. Without a channel each tab is alone with its copy.
 */
export function createTabStore({
  name,
  platform: { clock, openChannel },
  copy = createMapStore(),
}: {
  readonly name: string;
  readonly platform: TokenBackendPlatform;
  /** Where this tab's copy lies: `sessionStorage` outlives a reload. Default: memory. */
  readonly copy?: TokenStore | undefined;
}): TokenStore & { start(): () => void } {
  const keys = new Set<string>();
  let channel: TabChannel | null = null;
  let asked: Promise<void> | null = null;
  let stopWaiting = (): void => {};

  async function keep(key: string, value: string): Promise<void> {
    keys.add(key);
    await copy.setItem(key, value);
  }

  const tell = (message: Message): void => channel?.post(message);

  async function hear(value: unknown): Promise<void> {
    const message = value as Message;
    if (message?.kind === "ask") {
      for (const key of keys) {
        const held = await copy.getItem(key);
        if (held !== null) tell({ kind: "have", key, value: held });
      }
    } else if (message?.kind === "have" && typeof message.key === "string" && typeof message.value === "string") {
      if (!isNewer(await copy.getItem(message.key), message.value)) await keep(message.key, message.value);
      stopWaiting();
    }
  }

  function open(): void {
    try {
      channel ??= openChannel?.(`${name}:tokens`, (message) => void hear(message)) ?? null;
    } catch {
      channel = null;
    }
  }

  /** Asks once, and settles with the first answer, or when none can be expected any more. */
  function ask(): Promise<void> {
    asked ??= new Promise<void>((resolve) => {
      open();
      if (channel === null) return resolve();
      const cancel = clock.setTimer(resolve, ANSWER_WITHIN_MS);
      stopWaiting = () => {
        cancel();
        resolve();
      };
      tell({ kind: "ask" });
    });
    return asked;
  }

  return {
    start() {
      void ask();
      return () => {
        stopWaiting();
        channel?.close();
        [channel, asked] = [null, null];
      };
    },
    async getItem(key) {
      keys.add(key);
      const answered = ask();
      const held = await copy.getItem(key);
      if (held !== null) return held;
      await answered;
      return copy.getItem(key);
    },
    async setItem(key, value) {
      await keep(key, value);
      void ask();
      tell({ kind: "have", key, value });
    },
    // Not told: a sibling may hold a later one by now, and what has ended says so under a key of its own.
    removeItem: (key) => copy.removeItem(key),
  };
}

/** Whether what is held is of a later session than what was told, or of a later refresh of it. */
function isNewer(held: string | null, told: string): boolean {
  const [mine, theirs] = [ageOf(held), ageOf(told)];
  return mine.number === theirs.number ? mine.count > theirs.count : mine.number > theirs.number;
}

function ageOf(text: string | null): { readonly number: number; readonly count: number } {
  try {
    const { number, through, count } = JSON.parse(text ?? "{}") as Record<string, unknown>;
    return { number: Number(number ?? through ?? 0), count: Number(count ?? 0) };
  } catch {
    return { number: 0, count: 0 };
  }
}
