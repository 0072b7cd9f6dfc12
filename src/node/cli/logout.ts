import type { CommandContext } from "./commandContext.ts";
import { exitCodes } from "./exitCodes.ts";

export interface LogoutOptions {
  everywhere?: boolean;
}

/** Ends the session on the server and forgets it here. */
export async function logout(
  { terminal, address, auth, file }: CommandContext,
  options: LogoutOptions,
): Promise<number> {
  const before = await file.readServer(address);
  auth.start();
  await auth.signOut({ everywhere: options.everywhere });
  const after = await file.updateServer(address, (entry) => (entry.ended === null ? entry : { ...entry, ended: null }));
  if (after.owed.length > 0) {
    terminal.say(
      `Signed out here. The server at ${address} could not be told yet: its session goes on until the next command tells it.`,
    );
    return exitCodes.unavailable;
  }
  terminal.say(before.session === null ? `Nobody was signed in at ${address}.` : `Signed out at ${address}.`);
  return exitCodes.done;
}
