import axios from "axios";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient, StepUp } from "../../src/core/authClient.ts";
import type { AuthServer } from "../../src/server/createAuthServer.ts";
import { requireUser } from "../../src/server/requireUser.ts";
import { ADA, BOB, openWorld } from "./support.ts";

const PAYMENT = "https://app.example/api/payment";

type Pay = (auth: AuthClient, fetch: typeof globalThis.fetch) => () => Promise<number>;

const byFetch: Pay = (auth, fetch) => {
  const api = authorizeFetch(auth, { fetch });
  return async () => (await api(PAYMENT, { method: "POST" })).status;
};

const byAxios: Pay = (auth, fetch) => {
  const api = axios.create({ adapter: "fetch", env: { fetch }, validateStatus: () => true } as object);
  authorizeAxios(api, auth);
  return async () => (await api.post(PAYMENT)).status;
};

/** Ada, signed in for longer than a payment allows, at an API that says so as RFC 9470 does. */
async function openLongSignedIn(pay: Pay) {
  let api: Hono | undefined;
  const opened = await openWorld(2, {
    wrap: (app) => ({
      fetch: (request, ...rest) =>
        new URL(request.url).pathname.startsWith("/api/") && api !== undefined
          ? api.fetch(request)
          : app.fetch(request, ...rest),
    }),
  });
  api = new Hono();
  api.post("/api/payment", requireUser(opened.server as AuthServer, { maxAgeSeconds: 300 }), (context) =>
    context.json({ isPaid: true }),
  );
  const { world, clients } = opened;
  const [client] = clients;
  const asked: StepUp[] = [];
  client!.on("stepUpRequired", (stepUp) => asked.push(stepUp));
  await world.until(client!.signIn(ADA));
  await world.advance(600_000);
  return { ...opened, client: client!, asked, pay: pay(client!, world.tabs[0]!.platform.fetch) };
}

it.each([
  ["fetch", byFetch],
  ["axios", byAxios],
])(
  "a request by %s that asks for a fresh sign-in is no reason to refresh, and goes through after a step-up",
  async (_, by) => {
    await using scene = await openLongSignedIn(by);
    const { world, client, clients, asked, pay } = scene;
    const before = client.getState();
    const refreshes = world.refreshes().length;
    expect(await world.until(pay())).toBe(401);
    expect(asked).toEqual([{ maxAgeSeconds: 300, acrValues: [] }]);
    expect(world.refreshes().length).toBe(refreshes);
    expect(client.getState()).toBe(before);
    await world.until(client.stepUp(ADA));
    expect(await world.until(pay())).toBe(200);
    await world.advance(1_000);
    for (const each of clients) expect(each.getState()).toEqual(client.getState());
    expect(client.getState()).toMatchObject({ status: "authenticated", identity: { claims: { amr: ["pwd"] } } });
  },
);

it("a step-up that somebody else answers changes nothing", async () => {
  await using scene = await openLongSignedIn(byFetch);
  const { world, client, pay } = scene;
  const before = client.getState();
  await expect(world.until(client.stepUp(BOB))).rejects.toMatchObject({ code: "identityChanged" });
  await world.advance(1_000);
  expect(client.getState()).toEqual(before);
  expect(await world.until(pay())).toBe(401);
  await world.until(client.refresh());
  expect(client.getState()).toMatchObject({
    status: "authenticated",
    identity: { subject: (before as { identity: { subject: string } }).identity.subject },
  });
});
