import { io } from "socket.io-client";
import { authorizeSocket } from "../../../src/adapters/authorizeSocket.ts";
import { authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import { createNodeAuthClient } from "../../../src/node.ts";

// Stays connected for as many seconds as told, asks the server all the while who it is, and prints what it saw.
const [baseUrl = "", sessionFile = "", seconds = "10"] = process.argv.slice(2);
const { origin } = new URL(baseUrl);
const auth = createNodeAuthClient({ baseUrl, sessionFile });
auth.start();
const socket = io(origin, { autoConnect: false, transports: ["websocket"] });
authorizeSocket(socket, auth);
const authorizedFetch = authorizeFetch(auth);

const seen = {
  subjects: {} as Record<string, number>,
  refusals: 0,
  disconnects: 0,
  statuses: {} as Record<string, number>,
};
const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
socket.on("connect_error", () => (seen.refusals += 1));
socket.on("disconnect", () => (seen.disconnects += 1));
auth.on("sessionEnded", ({ reason }) => count(seen.statuses, `session ended: ${reason}`));
socket.connect();

const until = Date.now() + Number(seconds) * 1_000;
while (Date.now() < until) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  if (socket.connected) {
    const subject: unknown = await socket
      .timeout(5_000)
      .emitWithAck("who")
      .catch(() => "no answer");
    count(seen.subjects, String(subject));
  }
  count(seen.statuses, String((await authorizedFetch(`${baseUrl}/users/me`)).status));
}
process.stdout.write(`${JSON.stringify(seen)}\n`);
socket.disconnect();
auth.dispose();
