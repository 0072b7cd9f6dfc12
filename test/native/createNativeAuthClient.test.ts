import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createNativeAuthClient, type NativeAuthClientOptions } from "../../src/native/createNativeAuthClient.ts";
import type { SecureStorage } from "../../src/native/sessionVault.ts";
import { imitateReactNative } from "../adapters/support/imitateReactNative.ts";
import type { TokenFields } from "../server/support/page.ts";
import { createManualClock } from "../adapters/support/manualClock.ts";
import { createTestServer, PASSWORD, type TestServer } from "../server/support/testServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const ada = { username: "ada@example.org", password: PASSWORD };
let server: TestServer;
let stops: (() => void)[];

interface Device extends SecureStorage {
  readonly kept: Map<string, string>;
  /** The named method fails while it is set. */
  broken: "get" | "set" | "remove" | null;
}

/** A keychain: asynchronous, as `expo-secure-store` is. */
function createDevice(): Device {
  const kept = new Map<string, string>();
  const guarded = async <T>(method: Device["broken"], work: () => T): Promise<T> => {
    if (device.broken === method) throw new Error("Keychain is locked");
    return work();
  };
  const device: Device = {
    kept,
    broken: null,
    get: (key) => guarded("get", () => kept.get(key) ?? null),
    set: (key, value) => guarded("set", () => kept.set(key, value)),
    remove: (key) => guarded("remove", () => kept.delete(key)),
  };
  return device;
}

/** The network between the app and the server: what it sent, and whether it gets through. */
function createNetwork(origin?: string) {
  const requests: Request[] = [];
  const network = {
    requests,
    isDown: false,
    /** The answers of this path get lost. */
    loses: "",
    fetch: async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
      if (network.isDown) throw new TypeError("Network request failed");
      const { signal: _, ...sent } = init;
      const request = new Request(input, sent);
      if (origin !== undefined) {
        request.headers.set("origin", origin);
        request.headers.set("sec-fetch-site", "cross-site");
      }
      requests.push(request);
      const answer = await server.app.fetch(request.clone());
      if (network.loses !== "" && request.url.includes(network.loses)) throw new TypeError("Network request failed");
      return answer;
    },
  };
  return network;
}

function launch(device: Device, network = createNetwork(), options: Partial<NativeAuthClientOptions> = {}): AuthClient {
  const auth = createNativeAuthClient({
    baseUrl: "https://api.example/v1/auth",
    storage: device,
    ...options,
    platform: { fetch: network.fetch, warn: () => {}, ...options.platform },
  });
  stops.push(auth.start(), () => auth.dispose());
  return auth;
}

const keptToken = (device: Device): string | undefined =>
  (JSON.parse([...device.kept.values()][0] ?? "{}") as { session?: { refreshToken: string } }).session?.refreshToken;

beforeEach(async () => {
  stops = [];
  server = createTestServer({ nativeOrigins: ["capacitor://localhost"] });
  await server.app.fetch(
    new Request("https://api.example/v1/auth/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: ada.username, password: PASSWORD }),
    }),
  );
  imitateReactNative();
});
afterEach(async () => {
  for (const stop of stops) stop();
  vi.unstubAllGlobals();
  await server.close();
});

describe("an app in React Native", () => {
  it("signs in, is started again, and is still signed in, with the refresh token in its own storage alone", async () => {
    const device = createDevice();
    const network = createNetwork();
    const first = launch(device, network);
    expect((await first.ready()).status).toBe("unauthenticated");
    const { subject } = unchallenged(await first.signIn(ada));
    expect(keptToken(device)).toMatch(/^ssr1\./);
    expect([...device.kept.keys()]).toEqual(["stay-signed-in.api.example_v1_auth"]);
    first.dispose();
    const second = launch(device, network);
    expect(await second.ready()).toMatchObject({ status: "authenticated", identity: { subject } });
    expect(network.requests.every(({ headers, credentials }) => !headers.has("cookie") && credentials === "omit")).toBe(
      true,
    );
  });

  it("renews for ever, keeping each new refresh token before its access token is given out", async () => {
    const device = createDevice();
    const auth = launch(device);
    await auth.signIn(ada);
    const tokens = new Set([keptToken(device)]);
    for (let n = 0; n < 3; n += 1) {
      server.advance(600);
      await auth.refresh();
      tokens.add(keptToken(device));
    }
    expect(tokens.size).toBe(4);
    expect(auth.getState().status).toBe("authenticated");
  });

  it("keeps an answer's loss: the next attempt is answered as well", async () => {
    const device = createDevice();
    const network = createNetwork();
    const auth = launch(device, network);
    await auth.signIn(ada);
    server.advance(600);
    network.loses = "/jwt/refresh";
    await expect(auth.refresh()).rejects.toMatchObject({ code: "unavailable" });
    network.loses = "";
    server.advance(3600);
    const again = launch(device, network);
    expect((await again.ready()).status).toBe("authenticated");
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
  });

  it("signs out for good, also without a network: the server hears of it at the next start", async () => {
    const device = createDevice();
    const network = createNetwork();
    const auth = launch(device, network);
    await auth.signIn(ada);
    network.isDown = true;
    await auth.signOut();
    expect(auth.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    await vi.waitFor(() => expect(keptToken(device)).toBeUndefined());
    auth.dispose();
    network.isDown = false;
    const again = launch(device, network);
    expect((await again.ready()).status).toBe("unauthenticated");
    await vi.waitFor(() => expect(server.events.at(-1)).toMatchObject({ type: "sessionEnded", reason: "signedOut" }));
    await vi.waitFor(() => expect(device.kept.size).toBe(0));
  });

  it("is told when the server ended the session, and forgets the token", async () => {
    const device = createDevice();
    const auth = launch(device);
    const { sessionId } = unchallenged(await auth.signIn(ada));
    await server.subjects.endSessions(auth.getState().status === "authenticated" ? (await auth.fetchUser()).id : "");
    await auth.refresh().catch(() => {});
    expect(auth.getState()).toMatchObject({ status: "unauthenticated", reason: "revoked" });
    expect(sessionId).not.toBeNull();
    expect(device.kept.size).toBe(0);
  });

  it("becomes another person: the former session ends at the server", async () => {
    const device = createDevice();
    const auth = launch(device);
    const guest = await auth.signInAsGuest();
    const { sessionId } = unchallenged(await auth.signIn(ada));
    expect(sessionId).not.toBe(guest.sessionId);
    await vi.waitFor(() =>
      expect(server.events).toContainEqual(
        expect.objectContaining({ type: "sessionEnded", sessionId: guest.sessionId }),
      ),
    );
  });

  it("signs in by a method of its own, whose refresh token is kept as well", async () => {
    const device = createDevice();
    const auth = launch(device);
    await auth.signInWith(async ({ fetch }) => {
      const body = new URLSearchParams(ada);
      const answer = await fetch("https://api.example/v1/auth/jwt/login", { method: "POST", body });
      const { access_token, session } = (await answer.json()) as TokenFields;
      return { accessToken: access_token, session };
    });
    expect(keptToken(device)).toMatch(/^ssr1\./);
    server.advance(600);
    await auth.refresh();
    expect(auth.getState().status).toBe("authenticated");
  });

  it("changes its password and goes on", async () => {
    const device = createDevice();
    const auth = launch(device);
    await auth.signIn(ada);
    await auth.changePassword({ currentPassword: PASSWORD, password: "another horse battery" });
    server.advance(600);
    await auth.refresh();
    expect(auth.getState().status).toBe("authenticated");
  });
});

describe("a storage that fails", () => {
  it("is an outage and no sign-out when it cannot be read", async () => {
    const device = createDevice();
    launch(device).dispose();
    const auth = launch(device);
    await auth.signIn(ada);
    auth.dispose();
    device.broken = "get";
    const clock = createManualClock();
    const again = launch(device, createNetwork(), { platform: { clock: { ...clock, now: clock.monotonicNow } } });
    await expect(again.ready()).rejects.toMatchObject({ code: "unavailable" });
    device.broken = null;
    clock.fireNext();
    await vi.waitFor(() => expect(again.getState().status).toBe("authenticated"));
  });

  it("refuses a sign-in that it cannot keep, and ends it at the server", async () => {
    const device = createDevice();
    const auth = launch(device);
    device.broken = "set";
    await expect(auth.signIn(ada)).rejects.toMatchObject({ code: "unavailable" });
    expect(auth.getState().status).toBe("unauthenticated");
    await vi.waitFor(() => expect(server.events.at(-1)).toMatchObject({ type: "sessionEnded" }));
  });

  it("ends no session while it takes no new token: the next one is kept", async () => {
    const device = createDevice();
    const auth = launch(device);
    await auth.signIn(ada);
    device.broken = "set";
    for (let n = 0; n < 3; n += 1) {
      server.advance(600);
      await auth.refresh();
    }
    device.broken = null;
    server.advance(600);
    await auth.refresh();
    auth.dispose();
    server.advance(600);
    expect((await launch(device).ready()).status).toBe("authenticated");
  });

  it("holds something else: nobody is signed in, and a sign-in puts it right", async () => {
    const device = createDevice();
    device.kept.set("mine", '{"session":{"refreshToken":7},"owed":"x"}');
    const auth = launch(device, createNetwork(), { storageKey: "mine" });
    expect((await auth.ready()).status).toBe("unauthenticated");
    await auth.signIn(ada);
    expect(keptToken(device)).toMatch(/^ssr1\./);
  });
});

describe("AppState", () => {
  it("is what a page's visibility is: coming to the front looks at the token at once", async () => {
    const listeners = new Set<(state: string) => void>();
    const appState = {
      currentState: "active",
      addEventListener: (_: "change", listener: (state: string) => void) => {
        listeners.add(listener);
        return { remove: () => void listeners.delete(listener) };
      },
    };
    const go = (state: string) => {
      appState.currentState = state;
      for (const listener of listeners) listener(state);
    };
    const device = createDevice();
    let now = Date.now();
    const clock = { now: () => now, monotonicNow: () => now, setTimer: () => () => {} };
    const network = createNetwork();
    const auth = launch(device, network, { appState, platform: { clock } });
    await auth.signIn(ada);
    const refreshes = () => network.requests.filter(({ url }) => url.includes("/jwt/refresh")).length;
    const before = refreshes();
    go("inactive");
    go("background");
    now += 3_600_000;
    server.advance(3600);
    expect(refreshes()).toBe(before);
    go("active");
    await vi.waitFor(() => expect(refreshes()).toBe(before + 1));
    expect(listeners.size).toBe(1);
    auth.dispose();
    for (const stop of stops.splice(0)) stop();
    expect(listeners.size).toBe(0);
  });
});

describe("an app that is made of a web page", () => {
  it.each([
    ["capacitor://localhost", "authenticated"],
    ["tauri://localhost", "originNotAllowed"],
    ["https://evil.example", "originNotAllowed"],
    ["null", "originNotAllowed"],
  ])("of the origin %s: %s", async (origin, expected) => {
    const device = createDevice();
    const auth = launch(device, createNetwork(origin));
    const outcome = await auth.signIn(ada).then(
      () => auth.refresh().then(() => auth.getState().status),
      ({ code }) => code as string,
    );
    expect(outcome).toBe(expected);
    expect(device.kept.size).toBe(expected === "authenticated" ? 1 : 0);
  });
});

describe("what makes no sense", () => {
  const device = createDevice();
  it.each<[Partial<NativeAuthClientOptions>, RegExp]>([
    [{ baseUrl: "/v1/auth" }, /absolute/],
    [{ baseUrl: "http://192.168.0.2:3000/v1/auth" }, /dangerouslyAllowHttp/],
    [{ baseUrl: "https://me:secret@api.example/v1/auth" }, /absolute/],
    [{ storage: undefined as never }, /`get` is missing/],
    [{ storage: { get: device.get, set: device.set } as never }, /`remove` is missing/],
    [{ keyring: true } as never, /keyring/],
  ])("is refused: %j", (options, message) => {
    expect(() => createNativeAuthClient({ baseUrl: "https://api.example", storage: device, ...options })).toThrow(
      message,
    );
  });

  it("is not http to this machine, nor to another by a dangerous name", () => {
    for (const baseUrl of ["http://localhost:3000/v1/auth", "http://127.0.0.1/v1/auth"])
      expect(createNativeAuthClient({ baseUrl, storage: device }).baseUrl).toBe(baseUrl);
    const emulator = { baseUrl: "http://10.0.2.2:3000/v1/auth", dangerouslyAllowHttp: true };
    expect(createNativeAuthClient({ ...emulator, storage: device }).baseUrl).toBe(emulator.baseUrl);
  });
});
