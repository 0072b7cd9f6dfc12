import { AuthError } from "../../core/authError.ts";
import type { CommandContext } from "./commandContext.ts";
import { exitCodes } from "./exitCodes.ts";
import { formatDuration } from "./parseDuration.ts";

export interface TokenOptions {
  minValidity?: number;
}

/** Prints an access token that is good for at least `minValidity` milliseconds; renews it first where needed. */
export async function token(
  { world, terminal, auth, address, file }: CommandContext,
  options: TokenOptions,
): Promise<number> {
  const { minValidity: minValidityMs } = options;
  auth.start();
  const accessToken = await auth.getAccessToken({ minValidityMs, signal: world.interrupted });
  const expiresAt = (await file.readServer(address)).session?.accessTokenExpiresAt ?? null;
  const leftMs = expiresAt === null ? null : expiresAt - Date.now();
  if (minValidityMs !== undefined && leftMs !== null && leftMs < minValidityMs) {
    throw new AuthError(
      "unavailable",
      `The server's newest token is good for ${formatDuration(leftMs)} only; ask for less with --min-validity.`,
    );
  }
  terminal.print(accessToken);
  return exitCodes.done;
}
