import { io } from "socket.io-client";
import { authorizeSocket } from "../../../src/adapters/authorizeSocket.ts";
import { authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import { createNodeAuthClient } from "../../../src/node.ts";

// Stays connected until the server has had enough; asks who it is, on both ways, whenever the server says so; prints what it saw.
const [baseUrl = "", sessionFile = ""] = process.argv.slice(2);
const { origin } = new URL(baseUrl);
const auth = createNodeAuthClient({ baseUrl, sessionFile });
auth.start();
const socket = io(origin, { autoConnect: false, transports: ["websocket"] });
authorizeSocket(socket, auth);
const authorizedFetch = authorizeFetch(auth);

const seen = {
  connects: 0,
  disconnects: [] as string[],
  refusals: [] as string[],
  subjects: {} as Record<string, number>,
  statuses: {} as Record<string, number>,
};
const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
socket.on("connect", () => (seen.connects += 1));
socket.on("connect_error", ({ message }) => seen.refusals.push(message));
socket.on("disconnect", (reason) => seen.disconnects.push(reason));
auth.on("sessionEnded", ({ reason }) => count(seen.statuses, `session ended: ${reason}`));

async function ask(): Promise<void> {
  const [subject, response] = await Promise.all([
    socket
      .timeout(5_000)
      .emitWithAck("who")
      .catch(() => "no answer"),
    authorizedFetch(`${baseUrl}/users/me`),
  ]);
  count(seen.subjects, String(subject));
  count(seen.statuses, String(response.status));
}

let asking = Promise.resolve();
socket.on("ask", () => {
  asking = asking.then(ask);
});
const enough = new Promise<void>((resolve) => socket.once("enough", resolve));
socket.connect();
await enough;
await asking;
process.stdout.write(`${JSON.stringify(seen)}\n`);
socket.disconnect();
auth.dispose();
