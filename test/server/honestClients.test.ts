import { describe, expect, it } from "vitest";
import { openPage, type SetCookie } from "./support/page.ts";
import { seededRandom } from "./support/seededRandom.ts";
import { createTestServer, refresh, register, signIn, type TestServer } from "./support/testServer.ts";

/** `SOAK=1` plays twenty times as many. */
const BROWSERS = process.env.SOAK === "1" ? 1200 : 60;
const STEPS = 150;
const TIME_OUT_S = 10;

interface Flight {
  /** When it was sent, by the server's clock. */
  readonly sentAt: number;
  readonly address: string;
  /** The cookies that it was sent with. */
  readonly jar: ReadonlyMap<string, string>;
  answer: readonly SetCookie[] | null;
}

interface Counts {
  requests: number;
  lost: number;
  networkChanges: number;
  sleeps: number;
  herds: number;
}

/**
 * One browser: any number of tabs on one cookie jar, none of which waits for another, on networks that have several
 * addresses each. Returns after `STEPS` random steps, each answer on the way being 200.
 */
async function live(server: TestServer, random: () => number, counts: Counts): Promise<void> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  let network = 1;
  let flights: Flight[] = [];
  const addressHere = (): string =>
    pick([`192.0.2.${network}`, `198.51.100.${network}`, `2001:db8:${network}::1`, `2001:db8:${network}:1::1`]);
  const owner = openPage(server, { address: addressHere() });
  const email = `${random()}@example.org`;
  await register(owner, email);
  await signIn(owner, email);

  const lose = (which: (flight: Flight) => boolean): void => {
    const rest = flights.filter((flight) => !which(flight));
    counts.lost += flights.length - rest.length;
    flights = rest;
  };
  const send = (): void =>
    void flights.push({ sentAt: server.now(), address: addressHere(), jar: new Map(owner.jar), answer: null });
  const arrive = async (flight: Flight): Promise<void> => {
    const copy = openPage(server, { address: flight.address, jar: new Map(flight.jar) });
    const answer = await refresh(copy);
    counts.requests += 1;
    expect([answer.status, answer.body], flight.address).toEqual([200, expect.any(Object)]);
    flight.answer = answer.setCookies;
  };
  const deliver = (flight: Flight): void => {
    for (const { name, value } of flight.answer ?? []) owner.jar.set(name, value);
    flights = flights.filter((other) => other !== flight);
  };
  const pass = (seconds: number): void => {
    server.advance(seconds);
    lose(({ sentAt }) => server.now() - sentAt > TIME_OUT_S * 1000);
  };

  for (let step = 0; step < STEPS; step += 1) {
    const choice = random();
    const flight = flights.length > 0 ? pick(flights) : undefined;
    if (choice < 0.25) send();
    else if (choice < 0.6 && flight !== undefined) await (flight.answer === null ? arrive(flight) : deliver(flight));
    else if (choice < 0.68 && flight !== undefined) lose((each) => each === flight);
    else if (choice < 0.78) pass(random() * 12);
    else if (choice < 0.86) pass(60 + random() * 900);
    else if (choice < 0.94) {
      // From one network to the next in the middle of things: what was under way is lost, and asked again at once.
      counts.networkChanges += 1;
      const repeats = flights.length;
      for (const each of flights) if (each.answer === null && random() < 0.5) await arrive(each);
      lose(() => true);
      network = 1 + Math.floor(random() * 200);
      for (let repeat = 0; repeat < Math.max(1, repeats); repeat += 1) send();
    } else if (choice < 0.97) {
      counts.sleeps += 1;
      lose(() => true);
      server.advance(3600 * (1 + random() * 40));
    } else if (choice < 0.98) {
      // A restored window: forty tabs at once, by all addresses of the network, none with a lock.
      counts.herds += 1;
      for (let tab = 0; tab < 40; tab += 1) send();
      for (const each of flights.toSorted(() => random() - 0.5)) if (each.answer === null) await arrive(each);
      for (const each of flights.toSorted(() => random() - 0.5)) if (random() < 0.7) deliver(each);
    }
  }
  expect((await refresh(owner)).status).toBe(200);
}

// X02: what finds a thief must find no client that only has a bad network.
describe("honest clients", () => {
  it("that change networks, lose answers, sleep, or are forty tabs behind several addresses are never signed out", async () => {
    const random = seededRandom(20_261_128);
    const counts: Counts = { requests: 0, lost: 0, networkChanges: 0, sleeps: 0, herds: 0 };
    const server = createTestServer();
    for (let browser = 0; browser < BROWSERS; browser += 1) await live(server, random, counts);
    const count = (type: string) => server.events.filter((event) => event.type === type).length;
    expect([count("reuseDetected"), count("sessionEnded")]).toEqual([0, 0]);
    // It has to be a bad network, or the test would show nothing.
    expect(counts.requests).toBeGreaterThan(40 * BROWSERS);
    for (const kind of ["lost", "networkChanges", "sleeps"] as const)
      expect(counts[kind]).toBeGreaterThan(3 * BROWSERS);
    expect(count("graceRepeatElsewhere")).toBeGreaterThan(BROWSERS);
    expect(count("lateRepeat")).toBeGreaterThan(BROWSERS);
    if (process.env.SHOW_COUNTS === "1") {
      const events = ["refreshed", "graceRepeat", "graceRepeatElsewhere", "lateRepeat"];
      console.log({ browsers: BROWSERS, ...counts, ...Object.fromEntries(events.map((type) => [type, count(type)])) });
    }
  });
});
