import type { Backend, BackendCall } from "../core/backend.ts";
import type { SessionName } from "../core/session.ts";
import type { OwedSignOut, StoredSession } from "./sessionFileFormat.ts";
import type { SessionStore } from "./sessionStore.ts";

/** The sign-outs that the server has not been told of. They stay in the session file until it was. */
export interface OwedSignOuts {
  /** Tells the server of one, and forgets it then. @throws AuthError as the backend's `signOut`; it stays in the file. */
  tell(owed: OwedSignOut, accessToken: string | null, call: BackendCall): Promise<void>;
  /** Tells of all that there are, and waits for nothing: what cannot be told now stays for the next time. */
  tellLater(): void;
}

interface OwedSignOutsOptions {
  readonly file: SessionStore;
  readonly address: string;
  readonly signOut: Required<Backend>["signOut"];
  /** Gives a call the refresh token that it is to present. */
  readonly presenting: (refreshToken: string, call: BackendCall) => BackendCall;
  /** For what the server has to be told apart from any call. */
  readonly fetch: typeof globalThis.fetch;
}

const TELL_FOR_MS = 10_000;

const nameOf = ({ id }: OwedSignOut): SessionName | null => (id === null ? null : { id, number: 0 });

/** What is owed for a session that this process goes on without; nothing for one that has no refresh token. */
export const asOwed = (session: StoredSession | null): OwedSignOut[] =>
  session === null || session.refreshToken === null ? [] : [{ id: session.id, refreshToken: session.refreshToken }];

export function createOwedSignOuts({ file, address, signOut, presenting, fetch }: OwedSignOutsOptions): OwedSignOuts {
  async function tell(owed: OwedSignOut, accessToken: string | null, call: BackendCall): Promise<void> {
    await signOut(nameOf(owed), accessToken, presenting(owed.refreshToken, call));
    await file.updateServer(address, (entry) => {
      const left = entry.owed.filter(({ refreshToken }) => refreshToken !== owed.refreshToken);
      return left.length === entry.owed.length ? entry : { ...entry, owed: left };
    });
  }

  async function tellAll(): Promise<void> {
    const call = { fetch, signal: AbortSignal.timeout(TELL_FOR_MS) };
    for (const owed of (await file.readServer(address)).owed) await tell(owed, null, call);
  }

  return { tell, tellLater: () => void tellAll().catch(() => undefined) };
}
