import { Hono } from "hono";
import type { AuthClient, AuthEventName } from "../../src/core/authClient.ts";
import { createAuthClient, type AuthClientOptions } from "../../src/core/createAuthClient.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import type { RequestRecord } from "../../src/testing/requestRecord.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";
import { recordEvents } from "../support/recordEvents.ts";
import { ADA, openWorld } from "./support.ts";
import { unchallenged } from "../support/unchallenged.ts";

/** Writes down all that a client tells from now on: events by name, and each new state by its status. */
export function record(client: AuthClient): { readonly events: AuthEventName[]; readonly states: string[] } {
  const events = recordEvents(client);
  const states = [client.getState().status as string];
  client.subscribe(() => void states.push(client.getState().status));
  return { events, states };
}

/** {@link openWorld} in which Ada has signed in by the first tab and every tab knows it. */
export async function openSignedIn(tabCount = 1, options: Parameters<typeof openWorld>[1] = {}) {
  const opened = await openWorld(tabCount, options);
  const { world, clients } = opened;
  const [client, ...others] = clients;
  const [tab, ...otherTabs] = world.tabs;
  if (client === undefined || tab === undefined) throw new Error("no tab");
  await world.settle();
  const identity = unchallenged(await world.until(client.signIn(ADA)));
  await world.settle();
  let before = world.refreshes().length;
  return Object.assign(opened, {
    client,
    tab,
    others,
    otherTabs,
    identity,
    /** The refreshes that reached the server since the sign-in, or since `forget`. */
    since: (): RequestRecord[] => world.refreshes().slice(before),
    forget(): void {
      before = world.refreshes().length;
    },
  });
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A JWT whose signature nobody looks at. */
export const unsigned = (claims: object): string => `${encode({ alg: "none" })}.${encode(claims)}.x`;

/** Ada's session, and no page open: the next one starts up by its cookie. */
export async function openClosed(options: Parameters<typeof openSignedIn>[1] = {}) {
  const scene = await openSignedIn(1, options);
  scene.tab.close();
  scene.client.dispose();
  await scene.world.settle();
  scene.forget();
  return scene;
}

/**
 * One tab over a foreign server that answers sign-ins and refreshes with what `answer` makes of its time (ms) and the count
 * of its answers.
 */
export async function openForeign(
  answer: (now: number, count: number) => object,
  options: { client?: AuthClientOptions; seed?: number } = {},
) {
  const clock = createSimulatedClock();
  let isSignedIn = false;
  let count = 0;
  const app = new Hono();
  app.post("/v1/auth/jwt/login", (context) => {
    isSignedIn = true;
    return context.json(answer(clock.worldNow(), (count += 1)));
  });
  app.post("/v1/auth/jwt/refresh", (context) =>
    isSignedIn
      ? context.json(answer(clock.worldNow(), (count += 1)))
      : context.json({ detail: "REFRESH_TOKEN_MISSING" }, 401),
  );
  app.get("/v1/auth/users/me", (context) => context.json({ id: "ada" }));
  const world = createTabs(1, { app, clock, seed: options.seed ?? 1 });
  const [tab] = world.tabs;
  if (tab === undefined) throw new Error("no tab");
  const client = createAuthClient({ platform: tab.platform, ...options.client });
  client.start();
  await world.settle();
  await world.until(client.signIn(ADA));
  await world.settle();
  const before = world.refreshes().length;
  return {
    world,
    clock,
    tab,
    client,
    since: (): RequestRecord[] => world.refreshes().slice(before),
    [Symbol.asyncDispose]: async () => {
      client.dispose();
      await world.settle();
      world.dispose();
    },
  };
}

/** The spans between one request and the next, in milliseconds. */
export const gapsBetween = (requests: readonly RequestRecord[]): number[] =>
  requests.slice(1).map(({ sent }, index) => sent.atMs - (requests[index]?.sent.atMs ?? 0));

/** {@link openSignedIn} on a machine whose clock is wrong by `offsetMs` from before the first request on. */
export async function openWorldWithClockAt(
  offsetMs: number,
  server: NonNullable<NonNullable<Parameters<typeof openWorld>[1]>["server"]>,
) {
  const opened = await openWorld(0, { server });
  const { world, clock } = opened;
  clock.jumpWall(offsetMs);
  const tab = world.open();
  const client = opened.open(tab);
  await world.settle();
  await world.until(client.signIn(ADA));
  await world.settle();
  const before = world.refreshes().length;
  return Object.assign(opened, { tab, client, since: (): RequestRecord[] => world.refreshes().slice(before) });
}
