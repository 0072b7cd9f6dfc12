import { describe, expect, it } from "vitest";
import { isAuthError } from "../../src/core/authError.ts";
import { openSignedIn, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";

type Scene = Awaited<ReturnType<typeof openSignedIn>>;

/** What other code does: an endpoint of the app's own sets the cookie, and the client has no part in it. */
async function beginElsewhere(scene: Scene, { username, password }: typeof ADA): Promise<Response> {
  const body = new URLSearchParams({ username, password });
  const post = scene.tab.platform.fetch("https://app.example/v1/auth/jwt/login", {
    method: "POST",
    body,
    credentials: "include",
  });
  return scene.world.until(post);
}

describe("a session that other code began", () => {
  // A01 https://github.com/nextauthjs/next-auth/pull/11075
  it("is taken over after a sign-out, by asking the server, and all tabs hear of it", async () => {
    await using scene = await openSignedIn(2);
    await scene.world.until(scene.client.signOut());
    await scene.world.settle();
    await beginElsewhere(scene, BOB);
    const identity = await scene.world.until(scene.client.adopt());
    await scene.world.settle();
    expect(identity.subject).not.toBe(scene.identity.subject);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  // A02 https://github.com/authts/react-oidc-context/issues/1266
  it("supersedes the one that stands, whatever the sibling tabs say", async () => {
    await using scene = await openSignedIn(2);
    const { events } = record(scene.client);
    await beginElsewhere(scene, BOB);
    const identity = await scene.world.until(scene.client.adopt());
    await scene.world.advance(1_000);
    expect(events).toContain("identityChanged");
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("is taken over by its token answer without another request", async () => {
    await using scene = await openSignedIn(1);
    const answer = (await (await beginElsewhere(scene, BOB)).json()) as Record<string, never>;
    const requests = scene.world.network.requests.length;
    const identity = await scene.world.until(
      scene.client.adopt({
        accessToken: answer["access_token"] as unknown as string,
        session: answer["session"] as unknown as { id: string; number: number },
      }),
    );
    expect(scene.world.network.requests.length).toBe(requests);
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("is nobody's where the server has none", async () => {
    await using scene = await openSignedIn(1);
    await scene.world.until(scene.client.signOut());
    await expect(scene.world.until(scene.client.adopt())).rejects.toMatchObject({ code: "sessionEnded" });
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });
});

describe("a way in of the app's own", () => {
  // A03 https://github.com/okta/okta-auth-js/issues/376
  it("hands its own errors to its caller as they are, and changes nothing", async () => {
    await using scene = await openSignedIn(1);
    const challenge = Object.assign(new Error("second factor"), { body: { factors: ["totp"] } });
    const failure = await scene.world.until(
      scene.client.signInWith(() => Promise.reject(challenge)).catch((error: unknown) => error),
    );
    expect(failure).toBe(challenge);
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  it("is overtaken by a later sign-out like any sign-in", async () => {
    await using scene = await openSignedIn(1);
    await scene.world.until(scene.client.signOut());
    const entering = scene.client
      .signInWith(async ({ fetch, signal }) => {
        const body = new URLSearchParams(ADA);
        const answer = await fetch("https://app.example/v1/auth/jwt/login", { method: "POST", body, signal });
        const { access_token, session } = (await answer.json()) as Record<string, never>;
        return { accessToken: access_token as unknown as string, session: session as never };
      })
      .catch((error: unknown) => error);
    const leaving = scene.client.signOut();
    expect(isAuthError(await scene.world.until(entering), "superseded")).toBe(true);
    await scene.world.until(leaving);
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });
});

// A04 (ZnDraw)
describe("a change of password", () => {
  const change = { currentPassword: ADA.password, password: "a much better secret" };

  it.each([
    ["in this tab, before the server acts", 0, "before"],
    ["in this tab, with its answer on the way", 0, "after"],
    ["in another tab, before the server acts", 1, "before"],
    ["in another tab, with its answer on the way", 1, "after"],
  ] as const)("amid a refresh %s signs no tab out", async (_name, index, hold) => {
    await using scene = await openSignedIn(3);
    const logs = scene.clients.map(record);
    const held = scene.world.network.addFault({ match: "/jwt/refresh", hold, times: 1 });
    const refreshing = (scene.clients[index] as typeof scene.client).refresh().catch(() => {});
    await scene.world.advance(100);
    const changing = scene.client.changePassword(change);
    await scene.world.advance(100);
    held.release();
    const identity = await scene.world.until(changing);
    await scene.world.until(refreshing);
    await scene.world.advance(30_000);
    expect(identity.subject).toBe(scene.identity.subject);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
    for (const { states } of logs) expect(new Set(states)).toEqual(new Set(["authenticated"]));
    await scene.world.until(scene.client.refresh());
  });

  it("whose answer is on the way lets no other tab ask the server about the session that it has ended", async () => {
    await using scene = await openSignedIn(2);
    const logs = scene.clients.map(record);
    const held = scene.world.network.addFault({ match: "/users/me", hold: "after", times: 1 });
    const changing = scene.client.changePassword(change);
    await scene.world.advance(100);
    const refreshing = scene.others[0]!.refresh();
    await scene.world.advance(1_000);
    held.release();
    const identity = await scene.world.until(changing);
    await scene.world.until(refreshing);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
    for (const { states } of logs) expect(new Set(states)).toEqual(new Set(["authenticated"]));
  });

  it("with a wrong password is refused, and changes nothing", async () => {
    await using scene = await openSignedIn(1);
    const refused = scene.client.changePassword({ ...change, currentPassword: "wrong horse" });
    await expect(scene.world.until(refused)).rejects.toMatchObject({ code: "credentialsRejected" });
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    await scene.world.until(scene.client.refresh());
  });
});

describe("the deletion of an account", () => {
  const proof = { currentPassword: ADA.password };

  // A04 (ZnDraw)
  it.each([
    ["in this tab, before the server acts", 0, "before"],
    ["in this tab, with its answer on the way", 0, "after"],
    ["in another tab, before the server acts", 1, "before"],
    ["in another tab, with its answer on the way", 1, "after"],
  ] as const)("amid a refresh %s is a sign-out in all tabs, and no revoked session", async (_name, index, hold) => {
    await using scene = await openSignedIn(3);
    const logs = scene.clients.map(record);
    const held = scene.world.network.addFault({ match: "/jwt/refresh", hold, times: 1 });
    const refreshing = (scene.clients[index] as typeof scene.client).refresh().catch(() => {});
    await scene.world.advance(100);
    const deleting = scene.client.deleteAccount(proof);
    await scene.world.advance(100);
    held.release();
    await scene.world.until(deleting);
    await scene.world.until(refreshing);
    await scene.world.advance(30_000);
    for (const client of scene.clients)
      expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    for (const { events } of logs) expect(events).not.toContain("sessionEnded");
    expect(await scene.server.subjects.find(scene.identity.subject)).toBeNull();
    await expect(scene.world.until(scene.client.signIn(ADA))).rejects.toMatchObject({ code: "credentialsRejected" });
  });

  it("whose answer is on the way lets no other tab find a revoked session", async () => {
    await using scene = await openSignedIn(2);
    const logs = scene.clients.map(record);
    const held = scene.world.network.addFault({ match: "/users/me", hold: "after", times: 1 });
    const deleting = scene.client.deleteAccount(proof);
    await scene.world.advance(100);
    const refreshing = scene.others[0]!.refresh().catch(() => {});
    await scene.world.advance(1_000);
    held.release();
    await scene.world.until(deleting);
    await scene.world.until(refreshing);
    for (const { events } of logs) {
      expect(events).not.toContain("sessionEnded");
      expect(events.filter((event) => event === "signedOut")).toHaveLength(1);
    }
  });

  it("with a wrong password is refused, and changes nothing", async () => {
    await using scene = await openSignedIn(1);
    const refused = scene.client.deleteAccount({ currentPassword: "wrong horse" });
    await expect(scene.world.until(refused)).rejects.toMatchObject({ code: "credentialsRejected" });
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    await scene.world.until(scene.client.refresh());
  });
});

describe("another e-mail address", () => {
  it("is taken by the server, and the session goes on as it was", async () => {
    await using scene = await openSignedIn(2);
    const change = { currentPassword: ADA.password, email: "ada@lovelace.example" };
    const user = await scene.world.until(scene.client.changeEmail(change));
    expect(user).toMatchObject({ id: scene.identity.subject, email: change.email, is_verified: false });
    for (const client of scene.clients)
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    await scene.world.until(scene.client.refresh());
  });

  it("that somebody else has, or with a wrong password, is refused", async () => {
    await using scene = await openSignedIn(1);
    const change = { currentPassword: ADA.password, email: BOB.username };
    await expect(scene.world.until(scene.client.changeEmail(change))).rejects.toMatchObject({
      code: "registrationRejected",
      serverCode: "UPDATE_USER_EMAIL_ALREADY_EXISTS",
    });
    const wrong = { currentPassword: "wrong horse", email: "ada@lovelace.example" };
    await expect(scene.world.until(scene.client.changeEmail(wrong))).rejects.toMatchObject({
      code: "credentialsRejected",
    });
  });
});
