import { describe, expect, it } from "vitest";
import { ADA, BOB } from "./support.ts";
import { openSignedInTabs, outcomeOf, REFRESH } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

const API = "/sessions";
const ADDRESS = "https://app.example/v1/auth/sessions";
const client = { onSessionEnd: "hold" } as const;
const ENDS = ["REFRESH_TOKEN_EXPIRED", "REFRESH_TOKEN_REVOKED", "REFRESH_TOKEN_INVALID"] as const;

/** Ada's session has ended, and two requests of hers wait in the first tab. */
async function openHeld(detail: string = ENDS[0], tabCount = 2) {
  const opened = await openSignedInTabs(tabCount, { client });
  const { world, at } = opened;
  await world.clock.sleep(900_000);
  opened.forget();
  world.network.addFault({ match: REFRESH, answer: { status: 401, body: JSON.stringify({ detail }) } });
  const outcomes = [
    outcomeOf(at(1).request(ADDRESS)),
    outcomeOf(at(1).request(ADDRESS, { method: "DELETE" })),
    outcomeOf(at(1).client.getAccessToken({ subject: opened.identity.subject })),
  ];
  await world.advance(60_000);
  return { ...opened, values: () => outcomes.map(({ value }) => value) };
}

describe("requests held while nobody is signed in", () => {
  it.each(ENDS)("wait while the session has ended (%s), unsent, and the app is told once", async (detail) => {
    await using opened = await openHeld(detail);
    const { at, sent, values } = opened;
    expect(at(1).client.getState().status).toBe("unauthenticated");
    expect(values()).toEqual(["pending", "pending", "pending"]);
    expect(sent(API)).toHaveLength(0);
    expect(sent(REFRESH)).toHaveLength(1);
    for (const { told } of opened.tabs) expect(told.filter((event) => event === "sessionEnded")).toHaveLength(1);
  });

  it.each([1, 2])("go out once the same subject is back (signed in at tab %i)", async (number) => {
    await using opened = await openHeld();
    const { world, at, sent, values, identity } = opened;
    const again = unchallenged(await world.until(at(number).client.signIn(ADA)));
    await world.advance(2_000);
    expect(again.subject).toBe(identity.subject);
    expect(values()).toEqual(["resolved", "resolved", "resolved"]);
    expect(sent(API).map(({ subject, serverStatus }) => [subject, (serverStatus ?? 0) < 400])).toEqual([
      [identity.subject, true],
      [identity.subject, true],
    ]);
  });

  it.each([1, 2])(
    "fail with identityChanged when another subject comes (at tab %i), and are never sent",
    async (number) => {
      await using opened = await openHeld();
      const { world, at, sent, values } = opened;
      const bob = unchallenged(await world.until(at(number).client.signIn(BOB)));
      await world.advance(2_000);
      expect(values()).toEqual(["identityChanged", "identityChanged", "identityChanged"]);
      expect(sent(API)).toHaveLength(0);
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: bob });
    },
  );

  it("fail with identityChanged when the user goes on as a guest", async () => {
    await using opened = await openHeld("REFRESH_TOKEN_EXPIRED");
    const { world, at, sent, values } = opened;
    world.jar.clear();
    await world.until(at(1).client.signInAsGuest());
    await world.advance(2_000);
    expect(values()).toEqual(["identityChanged", "identityChanged", "identityChanged"]);
    expect(sent(API)).toHaveLength(0);
  });

  it.each([1, 2])("fail with sessionEnded when somebody signs out instead (at tab %i)", async (number) => {
    await using opened = await openHeld();
    const { world, at, sent, values } = opened;
    await world.until(at(number).client.signOut());
    await world.advance(2_000);
    expect(values()).toEqual(["sessionEnded", "sessionEnded", "sessionEnded"]);
    expect(sent(API)).toHaveLength(0);
    expect(at(1).client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });

  it("wait through failed attempts to sign in", async () => {
    await using opened = await openHeld();
    const { world, at, values } = opened;
    await world.until(
      at(1)
        .client.signIn({ ...ADA, password: "not hers" })
        .catch(() => {}),
    );
    world.network.addFault({ match: "/jwt/login", answer: { status: 503 } });
    await world.until(
      at(1)
        .client.signIn(ADA)
        .catch(() => {}),
    );
    await world.advance(5_000);
    expect(values()).toEqual(["pending", "pending", "pending"]);
    await world.until(at(1).client.signIn(ADA));
    await world.advance(1_000);
    expect(values()).toEqual(["resolved", "resolved", "resolved"]);
  });

  it("can be given up one by one, and all at once with the client", async () => {
    await using opened = await openHeld();
    const { world, at } = opened;
    const controller = new AbortController();
    const impatient = outcomeOf(at(1).client.getAccessToken({ signal: controller.signal }));
    const patient = outcomeOf(at(1).client.getAccessToken());
    await world.advance(1_000);
    controller.abort();
    await world.settle();
    expect([impatient.value, patient.value]).toEqual(["aborted", "pending"]);
    at(1).client.dispose();
    await world.settle();
    expect(patient.value).toBe("disposed");
  });

  it("are none where nobody was signed in, or has signed out: those fail or go out as they are", async () => {
    await using opened = await openSignedInTabs(1, { client });
    const { world, at, sent } = opened;
    await world.until(at(1).client.signOut());
    const token = outcomeOf(at(1).client.getAccessToken());
    const answer = await world.until(at(1).request(ADDRESS));
    expect(token.value).toBe("sessionEnded");
    expect(answer.status).toBe(401);
    expect(sent(API).map(({ subject }) => subject)).toEqual([null]);
  });
});

describe("requests that are not held", () => {
  it.each(ENDS)("fail at once with sessionEnded (%s)", async (detail) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    await world.clock.sleep(900_000);
    opened.forget();
    world.network.addFault({ match: REFRESH, answer: { status: 401, body: JSON.stringify({ detail }) } });
    const outcomes = [outcomeOf(at(1).request(ADDRESS)), outcomeOf(at(1).client.getAccessToken())];
    await world.advance(1_000);
    expect(outcomes.map(({ value }) => value)).toEqual(["sessionEnded", "sessionEnded"]);
    expect(sent(API)).toHaveLength(0);
  });
});
