import axios from "axios";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { type AuthorizedFetch, authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { type ResourceServer, startResourceServer } from "./support/resourceServer.ts";
import { next, startSocketServer } from "./support/socketServer.ts";

let resource: ResourceServer;
beforeAll(async () => {
  resource = await startResourceServer();
});
beforeEach(() => {
  resource.forget();
  resource.decide = () => ({ status: 200, body: "{}" });
});
afterEach(() => vi.resetModules());
afterAll(() => resource.close());

const clientOf = (subject: string) => {
  const auth = createTestAuthClient({ identity: { subject }, baseUrl: `${resource.origin}/v1/auth` });
  for (let count = 0; count < subject.length; count += 1) auth.renewAccessToken();
  return auth;
};
const tokens = () => resource.requests.map(({ token }) => token);

// S12 https://github.com/hey-api/hey-api/issues/1001 · https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/4263
describe("a later attachment of the same session", () => {
  it("takes the place of the former: nothing goes out as the former person", async () => {
    const api = axios.create({ baseURL: resource.origin });
    const [ada, bob] = [clientOf("ada"), clientOf("robert")];
    const detachAda = authorizeAxios(api, ada);
    authorizeAxios(api, bob);
    await api.get("/x");
    await bob.signOut();
    await api.get("/x");
    expect(tokens()).toEqual([expect.any(String), null]);
    expect(tokens()[0]).not.toBe(ada.accessToken.getState());
    detachAda();
    bob.become({ subject: "robert" });
    await api.get("/x");
    expect(tokens()[2]).toBe(bob.accessToken.getState());
  });

  it("goes through no client that was disposed of", async () => {
    const api = axios.create({ baseURL: resource.origin });
    const former = clientOf("ada");
    authorizeAxios(api, former);
    former.dispose();
    const fresh = clientOf("ada");
    authorizeAxios(api, fresh);
    await api.get("/x");
    expect(tokens()).toEqual([fresh.accessToken.getState()]);
  });

  it("does so from a second copy of the module", async () => {
    const api = axios.create({ baseURL: resource.origin });
    authorizeAxios(api, clientOf("ada"));
    vi.resetModules();
    const copy = await import("../../src/adapters/authorizeAxios.ts");
    expect(copy.authorizeAxios).not.toBe(authorizeAxios);
    const nobody = createTestAuthClient({ baseUrl: `${resource.origin}/v1/auth` });
    copy.authorizeAxios(api, nobody);
    await api.get("/x");
    expect(tokens()).toEqual([null]);
  });

  it("leaves one of another session in place", async () => {
    const api = axios.create({ baseURL: resource.origin });
    const ada = clientOf("ada");
    authorizeAxios(api, ada);
    const other = createTestAuthClient({ baseUrl: `${resource.origin}/v2/auth` });
    authorizeAxios(api, { ...other, internals: { ...other.internals, namespace: "another" } });
    await api.get("/x");
    expect(tokens()).toEqual([ada.accessToken.getState()]);
  });

  it("holds for a fetch that wraps a former one, and for one that stands in the global's place", async () => {
    const options = { allowedOrigins: [resource.origin] };
    const former = authorizeFetch(clientOf("ada"), options);
    const nobody = createTestAuthClient();
    await authorizeFetch(nobody, { ...options, fetch: former as typeof fetch })(`${resource.origin}/x`);
    vi.stubGlobal("fetch", former);
    await authorizeFetch(nobody, options)(`${resource.origin}/x`);
    const inPlace: AuthorizedFetch = authorizeFetch(clientOf("ada"), options);
    vi.stubGlobal("fetch", inPlace);
    await fetch(`${resource.origin}/x`);
    vi.unstubAllGlobals();
    expect(tokens()).toEqual([null, null, expect.any(String)]);
  });

  it("holds for sockets, and what was buffered by the former person is not sent as the next", async () => {
    const server = await startSocketServer();
    const socket = server.client();
    const options = { allowedOrigins: [server.url] };
    const ada = clientOf("ada");
    authorizeSocket(socket, ada, options);
    socket.connect();
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    server.io.disconnectSockets();
    await gone;
    socket.emit("say", "by ada");
    const bob = clientOf("robert");
    const opened = next(socket, "connect");
    authorizeSocket(socket, bob, options);
    await opened;
    await socket.emitWithAck("say", "by bob");
    expect(server.said.map(({ what }) => what)).toEqual(["by bob"]);
    expect(server.handshakes.at(-1)?.token).toBe(bob.accessToken.getState());
    await server.close();
  });
});

// N06
describe("a wrong set-up", () => {
  const wrong = (work: unknown): unknown => {
    try {
      (work as () => void)();
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const auth = createTestAuthClient();

  it.each<[string, () => unknown, RegExp]>([
    [
      "axios without a client",
      () => authorizeAxios(axios.create(), undefined as never),
      /createAuthClient.*authorizeAxios\(axios, auth\)/,
    ],
    [
      "axios and client the other way round",
      () => authorizeAxios(auth as never, axios as never),
      /authorizeAxios\(axios, auth\)/,
    ],
    ["no axios", () => authorizeAxios(undefined as never, auth), /axios\.create.*authorizeAxios\(axios, auth\)/],
    ["a client that is a promise", () => authorizeFetch(Promise.resolve(auth) as never), /authorizeFetch\(auth\)/],
    ["fetch without a client", () => authorizeFetch(undefined as never), /createAuthClient.*authorizeFetch\(auth\)/],
    ["no socket", () => authorizeSocket(undefined as never, auth), /authorizeSocket\(socket, auth\)/],
    ["a socket without a client", () => authorizeSocket({} as never, {} as never), /authorizeSocket\(socket, auth\)/],
    [
      "an origin that is none",
      () => authorizeFetch(auth, { allowedOrigins: ["api.example"] }),
      /allowedOrigins: "api\.example"/,
    ],
    [
      "origins that are none at all",
      () => authorizeAxios(axios.create(), auth, { allowedOrigins: 7 as never }),
      /allowedOrigins: 7/,
    ],
    ["a header that is none", () => authorizeFetch(auth, { header: "" }), /header/],
    ["a header that is no text", () => authorizeFetch(auth, { header: 7 as never }), /header/],
    ["a scheme that is no text", () => authorizeFetch(auth, { scheme: null as never }), /scheme/],
    ["isRefused that cannot be called", () => authorizeFetch(auth, { isRefused: 403 as never }), /isRefused/],
  ])("is told at once, with what to pass: %s", (_, work, message) => {
    expect(wrong(work)).toMatchObject({
      name: "AuthError",
      code: "invalidOptions",
      message: expect.stringMatching(message),
    });
  });
});
