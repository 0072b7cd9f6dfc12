import { missingBindingError, toKeyringError } from "./keyringError.ts";

type Binding = typeof import("@napi-rs/keyring");

const SERVICE = "stay-signed-in";
// Somebody may have to type a password first.
const LONGEST_WAIT_MS = 60_000;

/** What names an entry in messages. */
export const describeEntry = (account: string): string => `The keyring entry "${SERVICE}" of ${account}`;

async function loadBinding(account: string): Promise<Binding> {
  try {
    // Native code: a bundler is to leave it where it is installed.
    return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ "@napi-rs/keyring");
  } catch (error) {
    throw missingBindingError(describeEntry(account), error);
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
    throw toKeyringError(describeEntry(account), error);
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

/** The text of an entry; null where there is none. @throws SessionFileError `keyringUnavailable`, as all here. */
export async function readEntry(account: string): Promise<string | null> {
  const bytes = await withEntry(account, (entry, signal) => entry.getSecret(signal));
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
}

export const writeEntry = (account: string, text: string): Promise<void> =>
  withEntry(account, (entry, signal) => entry.setSecret(Buffer.from(text), signal));

export const removeEntry = (account: string): Promise<boolean> =>
  withEntry(account, (entry, signal) => entry.deleteCredential(signal));

export async function listEntries(): Promise<string[]> {
  const found = await withKeyring("every server", (binding, signal) =>
    binding.findCredentialsAsync(SERVICE, undefined, signal),
  );
  return found.map(({ account }) => account);
}
