import type { AuthServerContext } from "./authServerContext.ts";
import { peekSession } from "./peekSession.ts";
import { readVisitorFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { makeServerSession, type ServerSession, type VisitorRequest } from "./serverSession.ts";
import { ServerSessionError } from "./serverSessionError.ts";

/**
 * Null where no refresh cookie, or none that is good, came with the request.
 * @throws ServerSessionError `unavailable` when the store fails.
 */
export async function peekInProcess(server: AuthServerContext, request: VisitorRequest): Promise<ServerSession | null> {
  try {
    await server.store.ready();
    return makeServerSession(await peekSession(server, readVisitorFacts(request)));
  } catch (error) {
    if (error instanceof RequestRefusedError) return null;
    server.reportError(error);
    throw new ServerSessionError("unavailable", "The store did not answer, so it is not known who asks.", {
      cause: error,
    });
  }
}
