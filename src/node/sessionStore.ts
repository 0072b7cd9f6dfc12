import type { ServerEntry, SessionFileContent } from "./sessionFileFormat.ts";

/** Where the Node processes of a user share their sessions, a private file or the system's keyring: one entry a server address. */
export interface SessionStore {
  /** All servers, as far as the system can list them. @throws SessionFileError: it cannot be read; see its `code`. */
  read(): Promise<SessionFileContent>;
  /** The entry of one server, an empty one where there is none. @throws SessionFileError as {@link read}. */
  readServer(address: string): Promise<ServerEntry>;
  /**
   * Changes the entry of one server while no other process can change it. `change` gets what stands there now and returns what
   * shall stand there; the same object leaves it alone. `replaceDamaged` keeps what is damaged beside and begins anew.
   * @throws SessionFileError as {@link read}, and when it cannot be written.
   */
  updateServer(
    address: string,
    change: (entry: ServerEntry) => ServerEntry,
    options?: { replaceDamaged?: boolean },
  ): Promise<ServerEntry>;
  /** Throws now what a later {@link updateServer} would throw, so that no token is fetched that could not be kept. */
  assertWritable(address: string, options?: { replaceDamaged?: boolean }): Promise<void>;
}
