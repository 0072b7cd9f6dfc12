import { io } from "socket.io-client";
import { moveOldToken } from "../../../examples/fastapi-users/web/moveOldToken.ts";
import { authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import { authorizeSocket } from "../../../src/adapters/authorizeSocket.ts";
import { bindSession } from "../../../src/bound/bindSession.ts";
import { createAuthClient } from "../../../src/browser/createAuthClient.ts";
import type { AuthClient, AuthEventName } from "../../../src/core/authClient.ts";
import { createHttpBackend } from "../../../src/core/createHttpBackend.ts";
import { recordEvents } from "../../support/recordEvents.ts";

/** Starts a client in this page and writes down what it tells. */
function startClient(baseUrl: string, { isBound = false } = {}): { auth: AuthClient; events: AuthEventName[] } {
  const auth = createAuthClient(isBound ? { backend: bindSession(createHttpBackend({ baseUrl })) } : { baseUrl });
  const events = recordEvents(auth);
  auth.start();
  return { auth, events };
}

/** What the tests use inside the page. */
const interop = { startClient, authorizeFetch, authorizeSocket, io, moveOldToken };

declare global {
  var interop: typeof import("./pageEntry.ts").default;
  var auth: AuthClient;
  var events: AuthEventName[];
}

globalThis.interop = interop;
export default interop;
