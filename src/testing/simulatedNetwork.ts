import { addressOf } from "./appFetch.ts";
import type { CookieJar } from "./cookieJar.ts";
import { type AppliedFault, createFaultPlan, type FaultHandle, type NetworkFault } from "./networkFault.ts";
import { type RequestRecord, readBearer } from "./requestRecord.ts";
import type { SimulatedClock } from "./simulatedClock.ts";
import type { TabGate } from "./tabGate.ts";
import type { Timeline } from "./timeline.ts";
import { callApp, type ServerApp, toPageResponse, toWire, usesCookies, type WireResponse } from "./wire.ts";

/** How requests travel, and how they go wrong. */
export interface SimulatedNetwork {
  /** Lets something go wrong from now on; faults that were added later are looked at first. */
  addFault(fault: NetworkFault): FaultHandle;
  /** Removes all faults and lets go on whatever is held. */
  clearFaults(): void;
  /** How long each way takes, ms: a fixed time or drawn anew between two. 0 by default: then no time need pass. */
  latencyMs: number | readonly [number, number];
  /**
   * What becomes of a request whose tab aborts it, crashes or closes. `request`: whether one that is still on its way
   * arrives; `cookies`: whether those of its answer reach the jar. Both happen, so try both. Default: arrive, land.
   * A `keepalive` request always arrives, and its cookies land.
   */
  abandoned: { request: "arrives" | "lost"; cookies: "land" | "lost" };
  /** Every request that a tab made. */
  readonly requests: readonly RequestRecord[];
  /** How many requests of `tab` (of all, when left out) are not over. */
  pendingCount(tab?: number): number;
}

/** A tab as the network sees it. */
export interface NetworkClient {
  readonly number: number;
  readonly gate: TabGate;
  isOnline(): boolean;
}

export interface NetworkParts {
  network: SimulatedNetwork;
  fetchFor(client: NetworkClient): typeof globalThis.fetch;
  /** The client's connection is gone: what it has under way fails. */
  cutAll(client: NetworkClient): void;
  /** The client is gone: what it has under way is abandoned. */
  abandonAll(client: NetworkClient): void;
}

interface Flight {
  readonly record: RequestRecord;
  readonly client: NetworkClient;
  readonly fault: AppliedFault | null;
  isAbandoned: boolean;
  isCut: boolean;
  end(outcome: RequestRecord["outcome"], what: string, tell: () => void): void;
  fail(what: string): void;
  abandon(what: string): void;
}

export function createSimulatedNetwork(world: {
  app: ServerApp;
  origin: string;
  jar: CookieJar;
  clock: SimulatedClock;
  timeline: Timeline;
  random: () => number;
}): NetworkParts {
  const { app, origin, jar, clock, timeline, random } = world;
  const faults = createFaultPlan();
  const requests: RequestRecord[] = [];
  const flights = new Set<Flight>();
  let serverTurn: Promise<unknown> = Promise.resolve();

  const network: SimulatedNetwork = {
    addFault: faults.add,
    clearFaults: faults.clear,
    latencyMs: 0,
    abandoned: { request: "arrives", cookies: "land" },
    requests,
    pendingCount: (tab) => [...flights].filter(({ client }) => tab === undefined || client.number === tab).length,
  };

  function latency(): number {
    const { latencyMs } = network;
    if (typeof latencyMs === "number") return latencyMs;
    return Math.round(latencyMs[0] + random() * (latencyMs[1] - latencyMs[0]));
  }

  function openFlight(
    client: NetworkClient,
    request: Request,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ): Flight {
    const path = new URL(request.url).pathname;
    const record: RequestRecord = {
      number: requests.length + 1,
      tab: client.number,
      method: request.method,
      path,
      ...readBearer(request.headers.get("authorization")),
      isKeepalive: request.keepalive,
      sent: timeline.add(client.number, `${request.method} ${path} #${requests.length + 1}`),
      reached: null,
      answered: null,
      settled: null,
      serverStatus: null,
      outcome: "pending",
    };
    requests.push(record);

    const onAbort = () => {
      flight.abandon("aborted");
      reject(request.signal.reason);
    };
    request.signal.addEventListener("abort", onAbort, { once: true });
    const flight: Flight = {
      record,
      client,
      fault: faults.take(record),
      isAbandoned: false,
      isCut: false,
      end(outcome, what, tell) {
        if (record.settled) return;
        flights.delete(flight);
        record.outcome = outcome;
        record.settled = timeline.add(client.number, `${record.method} ${path} #${record.number} ${what}`);
        request.signal.removeEventListener("abort", onAbort);
        tell();
      },
      fail: (what) =>
        flight.end("failed", what, () => client.gate.deliver(() => reject(new TypeError("Failed to fetch")))),
      abandon(what) {
        flight.isAbandoned = true;
        flight.end("abandoned", what, () => {});
      },
    };
    flights.add(flight);
    void travel(flight, request, resolve, reject);
    return flight;
  }

  const arrives = ({ isAbandoned, isCut, record }: Flight) =>
    !isCut && (!isAbandoned || record.isKeepalive || network.abandoned.request === "arrives");
  const cookiesLand = ({ isAbandoned, isCut, record }: Flight) =>
    !isCut && (!isAbandoned || record.isKeepalive || network.abandoned.cookies === "land");

  async function travel(
    flight: Flight,
    request: Request,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ): Promise<void> {
    const { client, fault, record } = flight;
    // The jar is read when the request leaves: what happens to it on the way is the race that tests are about.
    const wire = await clock.loop.track(toWire(request, origin, jar));
    if (!client.isOnline()) return flight.fail("failed: offline");
    await pass(
      clock.setWorldTimer,
      latency() + (fault?.delayBeforeMs ?? 0),
      fault?.hold === "before" ? fault.released : null,
    );
    if (!arrives(flight)) return;
    if (fault?.cut === "before") return flight.fail("failed: cut before the server had it");

    let answer: WireResponse | null = null;
    if (!fault?.answer || fault.reachesServer) {
      // One request at a time, in the order of arrival: how two handlers interleave would differ from run to run.
      const turn = serverTurn.then(() => {
        record.reached = timeline.add(client.number, `#${record.number} reached the server`);
        return callApp(app, wire);
      });
      serverTurn = turn.catch(() => {});
      try {
        answer = await clock.loop.track(turn);
      } catch (error) {
        return flight.end("failed", "failed: the server app threw", () => client.gate.deliver(() => reject(error)));
      }
      record.serverStatus = answer.status;
      record.answered = timeline.add(client.number, `#${record.number} answered ${answer.status}`);
    }
    if (fault?.answer) answer = madeUp(fault.answer);
    if (!answer) return;

    // A timer of the machine: what arrives while it sleeps is seen when it wakes.
    await pass(clock.setTimer, latency() + (fault?.delayAfterMs ?? 0), fault?.hold === "after" ? fault.released : null);
    if (fault?.cut === "after") return flight.fail("failed: cut after the server had acted");
    // Before the script sees anything, and even when it never will: that is how browsers do it.
    if (cookiesLand(flight) && usesCookies(request, origin)) jar.receive(answer.setCookie, request.url);
    if (record.settled) return;
    const seen = fault?.cut === "body" ? cutInBody(answer) : answer;
    flight.end("answered", `→ ${answer.status}${fault?.cut === "body" ? ", cut in the body" : ""}`, () =>
      client.gate.deliver(() => {
        try {
          resolve(seen instanceof Response ? seen : toPageResponse(seen, request, origin));
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  return {
    network,
    fetchFor: (client) => (input, init) =>
      new Promise((resolve, reject) => {
        if (client.gate.isDead()) return;
        const request = new Request(addressOf(input, origin), init);
        if (request.signal.aborted) reject(request.signal.reason);
        else openFlight(client, request, resolve, reject);
      }),
    cutAll(client) {
      for (const flight of [...flights]) {
        if (flight.client !== client) continue;
        flight.isCut = true;
        flight.fail("failed: connection lost");
      }
    },
    abandonAll(client) {
      for (const flight of [...flights]) if (flight.client === client) flight.abandon("abandoned");
    },
  };
}

type SetTimer = (callback: () => void, delayMs: number) => () => void;

async function pass(setTimer: SetTimer, delayMs: number, released: Promise<void> | null): Promise<void> {
  if (delayMs > 0) await new Promise<void>((resolve) => void setTimer(resolve, delayMs));
  if (released) await released;
}

function madeUp({ status, body, headers }: NonNullable<NetworkFault["answer"]>): WireResponse {
  const bytes = body === undefined ? null : new TextEncoder().encode(body).buffer;
  return { status, headers: new Headers(headers), setCookie: [], body: bytes };
}

function cutInBody(answer: WireResponse): Response {
  if (answer.body === null) return new Response(null, { status: answer.status });
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError("network error"));
    },
  });
  const headers = new Headers(answer.headers);
  headers.delete("set-cookie");
  return new Response(body, { status: answer.status, headers });
}
