import type { Server as HttpServer } from "node:http";
import { Server } from "socket.io";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AuthServer } from "../../src/server/createAuthServer.ts";
import { authorizeSocketServer } from "../../src/server/authorizeSocketServer.ts";
import { createNodeAuthClient } from "../../src/node.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { type Programs, bundlePrograms } from "./support/bundleProgram.ts";
import { runNode } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { unchallenged } from "../support/unchallenged.ts";

const seconds = Number(process.env["STAY_SIGNED_IN_SOAK_SECONDS"] ?? 12);

let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms(["test/node/programs/stayConnected.ts"]);
}, 60_000);
afterAll(() => programs.remove());

interface Seen {
  connects: number;
  disconnects: string[];
  refusals: string[];
  subjects: Record<string, number>;
  statuses: Record<string, number>;
}

/** A Socket.IO server that has every program ask who it is, five times a second, until it has had enough. */
function serveSockets(listening: HttpServer, server: AuthServer): void {
  const io = new Server(listening);
  authorizeSocketServer(io, server);
  let over = false;
  io.on("connection", (socket) => {
    socket.on("who", (answer: (subject: string) => void) => answer(socket.data.user.subject));
    if (over) socket.emit("enough");
  });
  const asking = setInterval(() => io.emit("ask"), 200);
  const ending = setTimeout(() => {
    over = true;
    clearInterval(asking);
    io.emit("enough");
  }, seconds * 1_000);
  onTestFinished(() => {
    clearInterval(asking);
    clearTimeout(ending);
    io.disconnectSockets(true);
  });
}

describe("a program that stays connected", () => {
  it(
    `is the same user all the time, with access tokens of 3 s: never cut, never refused, never a guest (${seconds} s)`,
    async () => {
      const { address, listening, server, countOf } = await startAuthServer({
        accessTokenLifetimeSeconds: 3,
        refreshGraceSeconds: 1,
      });
      serveSockets(listening, server);
      const { path } = await makeSessionFolder();
      const auth = createNodeAuthClient({ baseUrl: address, sessionFile: path });
      const { subject } = unchallenged(await auth.signIn({ username: account.email, password: account.password }));
      auth.dispose();
      const { code, output, errors } = await runNode(programs.pathOf("stayConnected"), [address, path]);
      expect({ code, errors }).toEqual({ code: 0, errors: "" });
      const seen = JSON.parse(output) as Seen;
      if (process.env["STAY_SIGNED_IN_SOAK_SECONDS"] !== undefined) {
        console.info(`${output.trim()} ${countOf("refreshed")} refreshes in ${seconds} s`);
      }
      expect(seen).toMatchObject({ connects: 1, disconnects: [], refusals: [] });
      expect(Object.keys(seen.subjects)).toEqual([subject]);
      expect(Object.keys(seen.statuses)).toEqual(["200"]);
      expect(countOf("guestStarted")).toBe(0);
      expect(countOf("refreshed")).toBeGreaterThan(seconds / 4);
    },
    30_000 + seconds * 1_500,
  );
});
