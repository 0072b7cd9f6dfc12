import { describe, expect, it } from "vitest";
import { isAuthError } from "../../src/core/authError.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { isSignInChallenge, type SignInChallenge, type SignInResult } from "../../src/core/signInChallenge.ts";
import { unchallenged } from "../support/unchallenged.ts";
import { record } from "./scene.ts";
import { CODE, withSecondFactor } from "./secondFactor.ts";
import { ADA, BOB, openWorld } from "./support.ts";

/** Tabs over a server that wants a code after each password. */
async function openTabs(tabCount: number, rounds = 1) {
  const opened = await openWorld(tabCount, { wrap: (app) => withSecondFactor(app, { rounds }) });
  const { world, clients } = opened;
  await world.until(Promise.all(clients.map((client) => client.ready())));
  const at = (number: number): AuthClient => clients[number - 1] as AuthClient;
  const challengeOf = async (number: number, credentials = ADA): Promise<SignInChallenge> => {
    const entered = await world.until(at(number).signIn(credentials));
    return isSignInChallenge(entered) ? entered : expect.fail("no challenge");
  };
  const enter = async (number: number, credentials = ADA) => {
    const challenge = await challengeOf(number, credentials);
    const identity = unchallenged(await world.until(at(number).continueSignIn(challenge, CODE)));
    await world.settle();
    return identity;
  };
  return Object.assign(opened, { at, challengeOf, enter });
}

const codeOf = (work: Promise<SignInResult>): Promise<string> =>
  work.then(
    () => "signed in",
    (error: unknown) => (isAuthError(error) ? error.code : String(error)),
  );

// A03 https://github.com/okta/okta-auth-js/issues/376
describe("a challenge", () => {
  it("is data: what the server says of it, without what stands for half of a sign-in", async () => {
    await using scene = await openTabs(1);
    const challenge = await scene.challengeOf(1);
    expect(challenge.challenge).toEqual({ expires_in: 300, methods: ["otp"], left: 1 });
    expect(JSON.stringify(challenge)).not.toContain("half-a-sign-in");
  });

  it("changes nothing, in no tab, whoever is signed in", async () => {
    await using scene = await openTabs(2);
    const identity = await scene.enter(1);
    const before = JSON.stringify(scene.world.storage.contents());
    const logs = scene.clients.map(record);
    await scene.challengeOf(1, BOB);
    await scene.world.advance(5_000);
    expect(logs.map(({ events }) => events)).toEqual([[], []]);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
    expect(JSON.stringify(scene.world.storage.contents())).toBe(before);
    await scene.world.until(scene.at(1).refresh());
    expect(scene.at(1).getState()).toEqual({ status: "authenticated", identity });
  });

  it("leaves the refresh that made way for its sign-in to be made", async () => {
    await using scene = await openTabs(1);
    await scene.enter(1);
    await scene.challengeOf(1);
    expect(scene.at(1).internals.planned()).toMatchObject({ reason: "expiry" });
  });

  it("that is answered signs in, in all tabs", async () => {
    await using scene = await openTabs(2);
    const identity = await scene.enter(1);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("may be answered with a further one", async () => {
    await using scene = await openTabs(1, 2);
    const second = await scene.world.until(scene.at(1).continueSignIn(await scene.challengeOf(1), CODE));
    if (!isSignInChallenge(second)) return expect.fail("no challenge");
    expect(second.challenge).toMatchObject({ left: 1 });
    const identity = unchallenged(await scene.world.until(scene.at(1).continueSignIn(second, CODE)));
    expect(scene.at(1).getState()).toEqual({ status: "authenticated", identity });
  });

  it("may be answered again after a wrong code, and no more once it is spent", async () => {
    await using scene = await openTabs(1);
    const challenge = await scene.challengeOf(1);
    const { continueSignIn } = scene.at(1);
    expect(await scene.world.until(codeOf(continueSignIn(challenge, { code: "0" })))).toBe("credentialsRejected");
    expect(await scene.world.until(codeOf(continueSignIn(challenge, CODE)))).toBe("signed in");
    expect(await scene.world.until(codeOf(continueSignIn(challenge, CODE)))).toBe("challengeExpired");
    expect(scene.at(1).getState().status).toBe("authenticated");
  });

  it("that is answered twice at once, by its last digit and by the button, is answered once", async () => {
    await using scene = await openTabs(1);
    const challenge = await scene.challengeOf(1);
    const { continueSignIn } = scene.at(1);
    const both = Promise.all([codeOf(continueSignIn(challenge, CODE)), codeOf(continueSignIn(challenge, CODE))]);
    expect(await scene.world.until(both)).toEqual(["signed in", "signed in"]);
    expect(scene.world.network.requests.filter(({ path }) => path.endsWith("/jwt/challenge"))).toHaveLength(1);
  });

  it("may be handed on by a way of the app's own, as the server has answered it", async () => {
    await using scene = await openTabs(1);
    const entered = await scene.world.until(
      scene.at(1).signInWith(async ({ fetch, signal }) => {
        const body = new URLSearchParams(ADA);
        const answer = await fetch("https://app.example/v1/auth/jwt/login", { method: "POST", body, signal });
        return (await answer.json()) as SignInChallenge;
      }),
    );
    if (!isSignInChallenge(entered)) return expect.fail("no challenge");
    expect(await scene.world.until(codeOf(scene.at(1).continueSignIn(entered, CODE)))).toBe("signed in");
  });

  it("may come to whoever registers", async () => {
    await using scene = await openTabs(1);
    const account = { email: "grace@example.org", password: "nanoseconds of wire" };
    const entered = await scene.world.until(scene.at(1).register(account));
    expect(isSignInChallenge(entered)).toBe(true);
  });
});

describe("an answer to a challenge is overtaken", () => {
  it.each([1, 2])("by a sign-out in tab %i that came before it, and is not sent", async (by) => {
    await using scene = await openTabs(2);
    await scene.enter(1);
    const challenge = await scene.challengeOf(1);
    await scene.world.until(scene.at(by).signOut());
    await scene.world.settle();
    const sent = scene.world.network.requests.length;
    expect(await scene.world.until(codeOf(scene.at(1).continueSignIn(challenge, CODE)))).toBe("superseded");
    expect(scene.world.network.requests.length).toBe(sent);
    for (const client of scene.clients) expect(client.getState()).toMatchObject({ reason: "signedOut" });
  });

  it.each([1, 2])("by somebody who signed in in tab %i meanwhile", async (by) => {
    await using scene = await openTabs(2);
    const challenge = await scene.challengeOf(1);
    const bob = await scene.enter(by, BOB);
    expect(await scene.world.until(codeOf(scene.at(1).continueSignIn(challenge, CODE)))).toBe("superseded");
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
  });

  it.each([
    ["before the server acts", "before"],
    ["with its answer on the way", "after"],
  ] as const)("by a sign-out %s", async (_name, hold) => {
    await using scene = await openTabs(2);
    const challenge = await scene.challengeOf(1);
    const held = scene.world.network.addFault({ match: "/jwt/challenge", hold });
    const answering = codeOf(scene.at(1).continueSignIn(challenge, CODE));
    await scene.world.advance(1_000);
    const leaving = scene.at(1).signOut();
    held.release();
    expect(await scene.world.until(answering)).toBe("superseded");
    await scene.world.until(leaving);
    await scene.world.advance(30_000);
    for (const client of scene.clients) expect(client.getState()).toMatchObject({ status: "unauthenticated" });
    expect(await scene.world.until(codeOf(scene.at(2).adopt()))).toBe("sessionEnded");
  });

  it("by a sign-out while the challenge itself is on its way", async () => {
    await using scene = await openTabs(1);
    const held = scene.world.network.addFault({ match: "/jwt/login", hold: "after" });
    const entering = codeOf(scene.at(1).signIn(ADA));
    await scene.world.advance(1_000);
    const leaving = scene.at(1).signOut();
    held.release();
    expect(await scene.world.until(entering)).toBe("superseded");
    await scene.world.until(leaving);
  });

  it("not by a refresh: whoever is in stays in until it is answered", async () => {
    await using scene = await openTabs(1);
    await scene.enter(1);
    const challenge = await scene.challengeOf(1, BOB);
    await scene.world.until(scene.at(1).refresh());
    expect(await scene.world.until(codeOf(scene.at(1).continueSignIn(challenge, CODE)))).toBe("signed in");
  });
});

describe("a step-up", () => {
  it("renews the session of whoever is in, by a password and a code", async () => {
    await using scene = await openTabs(2);
    const ada = await scene.enter(1);
    const { events } = record(scene.at(2));
    const challenge = await scene.world.until(scene.at(1).stepUp(ADA));
    if (!isSignInChallenge(challenge)) return expect.fail("no challenge");
    const identity = unchallenged(await scene.world.until(scene.at(1).continueSignIn(challenge, CODE)));
    await scene.world.settle();
    expect(identity.subject).toBe(ada.subject);
    expect(identity.sessionId).not.toBe(ada.sessionId);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
    expect(events).not.toContain("identityChanged");
  });

  it("by somebody else changes nothing, in no tab, and signs them out at the server", async () => {
    await using scene = await openTabs(2);
    const identity = await scene.enter(1);
    const logs = scene.clients.map(record);
    const challenge = await scene.world.until(scene.at(1).stepUp(BOB));
    if (!isSignInChallenge(challenge)) return expect.fail("no challenge");
    expect(await scene.world.until(codeOf(scene.at(1).continueSignIn(challenge, CODE)))).toBe("identityChanged");
    await scene.world.advance(5_000);
    expect(logs.map(({ events }) => events)).toEqual([[], []]);
    expect(scene.audit.map(({ type }) => type).at(-1)).toBe("sessionEnded");
    await scene.world.until(scene.at(1).refresh());
    await scene.world.settle();
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("is refused where nobody is signed in", async () => {
    await using scene = await openTabs(1);
    expect(await scene.world.until(codeOf(scene.at(1).stepUp(ADA)))).toBe("sessionEnded");
  });

  it("of somebody whose place another has taken meanwhile does not put them back", async () => {
    await using scene = await openTabs(2);
    await scene.enter(1);
    const held = scene.world.network.addFault({ match: "/jwt/challenge", hold: "before", tab: 1 });
    const challenge = await scene.world.until(scene.at(1).stepUp(ADA));
    if (!isSignInChallenge(challenge)) return expect.fail("no challenge");
    const answering = codeOf(scene.at(1).continueSignIn(challenge, CODE));
    const bob = await scene.enter(2, BOB);
    held.release();
    expect(await scene.world.until(answering)).toBe("identityChanged");
    await scene.world.advance(5_000);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
  });
});
