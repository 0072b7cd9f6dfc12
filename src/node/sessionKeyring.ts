import { dirname } from "node:path";
import { missingBindingError, toKeyringError } from "./keyringError.ts";
import { preparePrivateFolder } from "./privateFile.ts";
import { isSessionFileError, SessionFileError } from "./sessionFileError.ts";
import {
  type ServerEntry,
  type SessionFileContent,
  emptyEntry,
  formatSessionFile,
  isEmptyEntry,
  parseSessionFile,
} from "./sessionFileFormat.ts";
import type { SessionFilePlace } from "./sessionFilePath.ts";
import { lockSessions } from "./sessionLock.ts";
import type { SessionStore } from "./sessionStore.ts";

type Binding = typeof import("@napi-rs/keyring");

const SERVICE = "stay-signed-in";
// No address holds this character, so what is kept beside is never taken for a server.
const BESIDE = "#";
// Somebody may have to type a password first.
const LONGEST_WAIT_MS = 60_000;

/**
 * The system's keyring (Keychain, Credential Manager, Secret Service) in the place of the session file: an entry a server
 * address, under the service `stay-signed-in`. Processes still agree by a lock file, at `place`. The optional package
 * `@napi-rs/keyring` is loaded at the first use; without it, or without a keyring that is open, every call throws
 * `keyringUnavailable`. Nothing falls back to a file.
 */
export function createSessionKeyring(place: SessionFilePlace): SessionStore {
  const describe = (account: string): string => `The keyring entry "${SERVICE}" of ${account}`;

  async function loadBinding(account: string): Promise<Binding> {
    try {
      // Native code: a bundler is to leave it where it is installed.
      return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ "@napi-rs/keyring");
    } catch (error) {
      throw missingBindingError(describe(account), error);
    }
  }

  async function withKeyring<T>(
    account: string,
    work: (binding: Binding, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const binding = await loadBinding(account);
    try {
      return await work(binding, AbortSignal.timeout(LONGEST_WAIT_MS));
    } catch (error) {
      throw toKeyringError(describe(account), error);
    }
  }

  const withEntry = <T>(
    account: string,
    work: (entry: InstanceType<Binding["AsyncEntry"]>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    withKeyring(account, ({ AsyncEntry }, signal) =>
      // Left to itself, the binding takes the kernel's keyring where there is no secret service: that forgets at a restart.
      work(new AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } }), signal),
    );

  async function readText(account: string): Promise<string | null> {
    const bytes = await withEntry(account, (entry, signal) => entry.getSecret(signal));
    return bytes === null ? null : Buffer.from(bytes).toString("utf8");
  }

  const writeText = (account: string, text: string): Promise<void> =>
    withEntry(account, (entry, signal) => entry.setSecret(Buffer.from(text), signal));

  const remove = (account: string): Promise<boolean> =>
    withEntry(account, (entry, signal) => entry.deleteCredential(signal));

  function parse(address: string, text: string | null): ServerEntry {
    if (text === null) return emptyEntry;
    const content = parseSessionFile(text);
    const entry = describe(address);
    if (content === "tooNew") {
      const message = `${entry} was written by a newer version of stay-signed-in. Update this program, or keep the session in a file.`;
      throw new SessionFileError("sessionFileTooNew", entry, message);
    }
    const own = content === "damaged" ? undefined : content[address];
    if (own === undefined) {
      const message = `${entry} is damaged: it holds no session data. It was left as it is; signing in anew replaces it and keeps it beside.`;
      throw new SessionFileError("sessionFileDamaged", entry, message);
    }
    return own;
  }

  async function readServer(address: string): Promise<ServerEntry> {
    return parse(address, await readText(address));
  }

  /** The entry, or with `replaceDamaged` an empty one and the damaged text that stands in its place. */
  async function readOver(
    address: string,
    replaceDamaged: boolean,
  ): Promise<{ before: ServerEntry; damaged: string | null }> {
    const text = await readText(address);
    try {
      return { before: parse(address, text), damaged: null };
    } catch (error) {
      if (!replaceDamaged || !isSessionFileError(error, "sessionFileDamaged")) throw error;
      return { before: emptyEntry, damaged: text };
    }
  }

  async function write(address: string, entry: ServerEntry): Promise<void> {
    if (isEmptyEntry(entry)) await remove(address);
    else await writeText(address, formatSessionFile({ [address]: entry }));
  }

  return {
    readServer,

    async read(): Promise<SessionFileContent> {
      const found = await withKeyring("every server", (binding, signal) =>
        binding.findCredentialsAsync(SERVICE, undefined, signal),
      );
      const addresses = found.map(({ account }) => account).filter((account) => !account.includes(BESIDE));
      return Object.fromEntries(
        await Promise.all(addresses.map(async (address) => [address, await readServer(address)] as const)),
      );
    },

    async updateServer(address, change, { replaceDamaged = false } = {}) {
      const held = await lockSessions(place);
      try {
        const { before, damaged } = await readOver(address, replaceDamaged);
        const after = change(before);
        if (after === before) return before;
        if (damaged !== null) await writeText(`${address}${BESIDE}corrupt-${new Date().toISOString()}`, damaged);
        await write(address, after);
        return after;
      } finally {
        await held.release();
      }
    },

    async assertWritable(address, { replaceDamaged = false } = {}) {
      await preparePrivateFolder(dirname(place.path), { own: place.ownFolder });
      await readOver(address, replaceDamaged);
      const probe = `${address}${BESIDE}probe-${process.pid}`;
      await writeText(probe, "{}");
      await remove(probe);
    },
  };
}
