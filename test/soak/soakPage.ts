// Runs in Chromium after the script of the browser tests, with its client, its axios and its fetch.
import type {} from "../browser/support/pageEntry.tsx";
import { io, type Socket } from "socket.io-client";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";

export interface Failure {
  readonly at: number;
  readonly what: string;
}

/** What one tab has done since `begin`. */
export interface TabReport {
  readonly requests: number;
  readonly failures: readonly Failure[];
  readonly connects: number;
  readonly drops: readonly Failure[];
  readonly openSockets: number;
}

let requests = 0;
const failures: Failure[] = [];
let connects = 0;
const drops: Failure[] = [];
const sockets: Socket[] = [];
let stopSending = () => {};

const note = (list: Failure[], what: string): void => {
  list.push({ at: Date.now(), what });
};

function describe(error: unknown): string {
  const { code, response } = error as { code?: unknown; response?: { status?: unknown } };
  return `${String(error)} (code ${String(code)}, status ${String(response?.status)})`;
}

async function send(kind: "axios" | "fetch"): Promise<void> {
  requests += 1;
  try {
    const status =
      kind === "axios" ? (await api.get("/subject")).status : (await authorizedFetch("/api/subject")).status;
    if (status !== 200) note(failures, `${kind}: status ${status}`);
  } catch (error) {
    note(failures, `${kind}: ${describe(error)}`);
  }
}

const soak = {
  begin(socketAddress: string, socketCount: number, everyMs: number): void {
    for (let count = 0; count < socketCount; count += 1) {
      const socket = io(socketAddress, { transports: ["websocket"], forceNew: true, autoConnect: false });
      sockets.push(socket);
      authorizeSocket(socket, auth, { allowedOrigins: [socketAddress] });
      socket.on("connect", () => {
        connects += 1;
      });
      socket.on("disconnect", (reason) => note(drops, reason));
      socket.on("connect_error", (error) => note(drops, `connect_error: ${describe(error)}`));
      socket.connect();
    }
    let turn = 0;
    const timer = setInterval(() => void send(turn++ % 2 === 0 ? "axios" : "fetch"), everyMs);
    stopSending = () => clearInterval(timer);
  },
  stopSending: () => stopSending(),
  report: (): TabReport => ({
    requests,
    failures,
    connects,
    drops,
    openSockets: sockets.filter(({ connected }) => connected).length,
  }),
};

export type SoakPage = typeof soak;

Object.assign(globalThis, { soak });
