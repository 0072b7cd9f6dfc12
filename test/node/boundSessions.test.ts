import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  createNodeAuthClient,
  type NodeAuthClientOptions,
  type SignInWithDeviceOptions,
  signInWithDevice,
} from "../../src/node.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { account, type RunningAuthServer, startAuthServer } from "./support/authServer.ts";
import { bundlePrograms, type Programs } from "./support/bundleProgram.ts";
import { runNode } from "./support/runProgram.ts";
import { makeSessionFolder, type SessionFolder } from "./support/sessionFolder.ts";

const credentials = { username: account.email, password: account.password };

async function makeWorld(options: Partial<AuthServerOptions> = { sessionBinding: "optional" }) {
  const server = await startAuthServer(options);
  const folder = await makeSessionFolder();
  const requests: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    requests.push(
      `${new URL(input instanceof Request ? input.url : input).pathname.replace("/v1/auth", "")} ${response.status}`,
    );
    return response;
  };
  /** Another process, as far as anybody can tell. */
  const open = (more: Partial<NodeAuthClientOptions> = {}) => {
    const auth = createNodeAuthClient({
      baseUrl: server.address,
      sessionFile: folder.path,
      env: {},
      fetch,
      ...more,
    });
    onTestFinished(() => auth.dispose());
    return auth;
  };
  return { server, folder, requests, open };
}

const storedSession = async ({ file }: SessionFolder, { address }: RunningAuthServer) =>
  (await file.readServer(address)).session;

async function presentAlone(server: RunningAuthServer, refreshToken: string | null | undefined) {
  const answer = await fetch(`${server.address}/jwt/refresh`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Auth-Transport": "body" },
    body: JSON.stringify({ refresh_token: refreshToken }),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

async function listBound(server: RunningAuthServer, accessToken: string): Promise<boolean[]> {
  const answer = await fetch(`${server.address}/sessions`, { headers: { Authorization: `Bearer ${accessToken}` } });
  return ((await answer.json()) as { bound: boolean }[]).map(({ bound }) => bound);
}

describe("a bound session of a program", () => {
  it("proves its key at each refresh, with one request more for the server's nonce in each process", async () => {
    const { server, requests, open } = await makeWorld();
    const first = open({ bindSession: true });
    first.start();
    await first.signIn(credentials);
    await first.refresh();
    await first.refresh();
    const second = open();
    second.start();
    await second.ready();
    await second.refresh();
    expect(requests).toEqual([
      "/jwt/login 400",
      "/jwt/login 200",
      "/jwt/refresh 200",
      "/jwt/refresh 200",
      "/jwt/refresh 400",
      "/jwt/refresh 200",
    ]);
    expect(await listBound(server, await second.getAccessToken())).toEqual([true]);
  });

  it("is worth nothing as a refresh token alone, and goes on for its owner", async () => {
    const { server, folder, open } = await makeWorld();
    const auth = open({ bindSession: true });
    await auth.signIn(credentials);
    const stored = await storedSession(folder, server);
    const stolen = await presentAlone(server, stored?.refreshToken);
    expect(stolen).toEqual({ status: 401, body: { detail: "REFRESH_TOKEN_PROOF_INVALID" } });
    expect(server.events.at(-1)?.type).toBe("proofRefused");
    await auth.refresh();
    expect(server.countOf("refreshed")).toBe(1);
  });

  it("has a key of its own at each sign-in, which lies beside it in the private file and goes with it", async () => {
    const { server, folder, open } = await makeWorld();
    const auth = open({ bindSession: true });
    await auth.signIn(credentials);
    const one = (await storedSession(folder, server))?.key;
    expect(one).toEqual({
      kty: "EC",
      crv: "P-256",
      x: expect.any(String),
      y: expect.any(String),
      d: expect.any(String),
    });
    expect(await folder.mode()).toBe("600");
    await auth.signIn(credentials);
    expect((await storedSession(folder, server))?.key).not.toEqual(one);
    await auth.signOut();
    expect(await folder.text()).not.toContain("P-256");
  });

  it("ends for whoever lost the key, who signs in anew", async () => {
    const { server, folder, open } = await makeWorld();
    await open({ bindSession: true }).signIn(credentials);
    const content = JSON.parse(await readFile(folder.path, "utf8")) as {
      servers: Record<string, { session: { key?: unknown } }>;
    };
    delete content.servers[server.address]?.session.key;
    await writeFile(folder.path, JSON.stringify(content));
    const auth = open();
    auth.start();
    await auth.ready();
    await expect(auth.refresh()).rejects.toMatchObject({ code: "sessionEnded" });
    await auth.signIn(credentials);
    expect(await listBound(server, await auth.getAccessToken())).toEqual([false, true]);
  });

  it("begins as a guest, with a new account, by a device code and by a changed password", async () => {
    const { server, folder, open } = await makeWorld({ sessionBinding: "required" });
    const auth = open({ bindSession: true });
    auth.start();
    const isBound = async () => (await storedSession(folder, server))?.key !== undefined;
    await auth.signInAsGuest();
    expect(await isBound()).toBe(true);
    await auth.signOut();
    await auth.register({ email: "grace@example.org", password: account.password });
    expect(await isBound()).toBe(true);
    await auth.changePassword({ currentPassword: account.password, password: "another password" });
    expect(await isBound()).toBe(true);
    await auth.refresh();

    await signInWithDevice(auth, approvedBy(server, await auth.getAccessToken(), "another password"));
    expect(await isBound()).toBe(true);
    await auth.refresh();
    expect(server.countOf("proofRefused")).toBe(0);
  });

  it("stays bound through a password change by a client that asks for no binding", async () => {
    const { server, folder, open } = await makeWorld();
    await open({ bindSession: true }).signIn(credentials);
    const { key } = (await storedSession(folder, server)) ?? {};
    const auth = open();
    auth.start();
    await auth.changePassword({ currentPassword: account.password, password: "another password" });
    expect((await storedSession(folder, server))?.key).toEqual(key);
    await auth.refresh();
    expect(await listBound(server, await auth.getAccessToken())).toEqual([true]);
  });

  it("is not made where the server binds none: nothing is kept, and nothing costs more", async () => {
    const { server, folder, requests, open } = await makeWorld({});
    const auth = open({ bindSession: true });
    auth.start();
    await auth.signIn(credentials);
    await auth.refresh();
    expect(requests).toEqual(["/jwt/login 200", "/jwt/refresh 200"]);
    expect(await storedSession(folder, server)).not.toHaveProperty("key");
  });

  it("is asked of everybody where it is required, in words that say what to do", async () => {
    const { server, open } = await makeWorld({ sessionBinding: "required" });
    const auth = open();
    const refusal = { code: "invalidOptions", message: expect.stringContaining("login --bind-session") };
    await expect(auth.signIn(credentials)).rejects.toMatchObject(refusal);
    await expect(auth.signInAsGuest()).rejects.toMatchObject(refusal);
    const approved = open({ bindSession: true, sessionFile: (await makeSessionFolder()).path });
    await approved.signIn(credentials);
    const byDevice = signInWithDevice(auth, approvedBy(server, await approved.getAccessToken(), account.password));
    await expect(byDevice).rejects.toMatchObject(refusal);
  });

  it("is asked for by the environment, too, and by no other word", async () => {
    const { folder, server, open } = await makeWorld();
    await open({ env: { STAY_SIGNED_IN_BIND_SESSION: "1" } }).signIn(credentials);
    expect((await storedSession(folder, server))?.key).toBeDefined();
    await open({ env: { STAY_SIGNED_IN_BIND_SESSION: "1" }, bindSession: false }).signIn(credentials);
    expect((await storedSession(folder, server))?.key).toBeUndefined();
    const invalid = expect.objectContaining({ code: "invalidOptions" });
    expect(() => open({ env: { STAY_SIGNED_IN_BIND_SESSION: "always" } })).toThrow(invalid);
    expect(() => open({ bindSession: "file" as "keyring" })).toThrow(invalid);
  });

  it("says that the server does not know its own address, and not that the password is wrong", async () => {
    const { open } = await makeWorld({ sessionBinding: "optional", publicUrl: "https://app.example" });
    const elsewhere: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      const proof = headers.get("DPoP");
      // As behind a proxy that names another host than the one that is asked.
      if (proof !== null) headers.set("DPoP", proof.replace(/^[^.]+/, "e30"));
      return fetch(input, { ...init, headers });
    };
    const signIn = open({ bindSession: true, fetch: elsewhere }).signIn(credentials);
    await expect(signIn).rejects.toMatchObject({
      code: "badResponse",
      message: expect.stringContaining("publicUrl"),
    });
  });
});

describe("many processes with one bound session", () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await bundlePrograms(["test/node/programs/printToken.ts"]);
  }, 60_000);
  afterAll(() => programs.remove());

  it("make one refresh between them, and none is taken for a thief", async () => {
    const { server, folder, open } = await makeWorld({ sessionBinding: "required" });
    await open({ bindSession: true }).signIn(credentials);
    await folder.file.updateServer(server.address, (entry) => ({
      ...entry,
      session: entry.session && { ...entry.session, accessTokenSentAt: 1, accessTokenExpiresAt: 2 },
    }));
    const run = () => runNode(programs.pathOf("printToken"), [server.address, folder.path]);
    const outcomes = await Promise.all(Array.from({ length: 8 }, run));
    expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
    expect(new Set(outcomes.map(({ output }) => output)).size).toBe(1);
    expect([server.countOf("refreshed"), server.countOf("proofRefused")]).toEqual([1, 0]);
  }, 60_000);
});

/** A person at the page who approves at once; the program asks again only after that. */
function approvedBy({ address }: RunningAuthServer, accessToken: string, password: string): SignInWithDeviceOptions {
  let approval: Promise<unknown> = Promise.resolve();
  return {
    onPrompt({ userCode }) {
      approval = fetch(`${address}/device/approve`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ user_code: userCode, password }),
      });
    },
    clock: {
      now: () => Date.now(),
      monotonicNow: () => performance.now(),
      setTimer(callback, delayMs) {
        if (delayMs === 5_000) void approval.then(callback);
        const timer = delayMs === 5_000 ? undefined : setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
    },
  };
}
