import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { describeClient } from "../../src/node/cli/describeClient.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { bundlePrograms, type Programs } from "./support/bundleProgram.ts";
import { type RunOptions, startProgram } from "./support/runProgram.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";

let programs: Programs;
const servers: Server[] = [];
beforeAll(async () => {
  programs = await bundlePrograms(["src/node/bin.ts"]);
}, 60_000);
afterAll(() => programs.remove());
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A command line on a machine where nobody has ever signed in, with no server in its environment. */
async function makeFreshWorld() {
  const { path } = await makeSessionFolder();
  const { STAY_SIGNED_IN_URL: _, ...inherited } = process.env;
  const env = { ...inherited, STAY_SIGNED_IN_SESSION_FILE: path };
  const start = (words: string[], options: RunOptions = {}) =>
    startProgram(process.execPath, [programs.pathOf("bin"), ...words], { env, ...options });
  return { start, run: (words: string[], options?: RunOptions) => start(words, options).done };
}

const byPassword = (url: string) => ["login", "--url", url, "--username", account.email, "--password-stdin"];

// N08
describe("an address that is not quite right", () => {
  it.each(["login by device code", "login with a password"])(
    "is told with the right one where that is known: %s",
    async (how) => {
      const { address } = await startAuthServer();
      const origin = new URL(address).origin;
      const { run } = await makeFreshWorld();
      for (const wrong of [origin, `${origin}/`, `${origin}/v2/auth`]) {
        const words = how === "login by device code" ? ["login", "--no-browser", "--url", wrong] : byPassword(wrong);
        const { code, errors } = await run(words, { input: account.password });
        expect({ code, errors }).toEqual({
          code: 2,
          errors: `stay-signed-in: There are no auth endpoints at ${wrong.replace(/\/$/, "")}, but at ${address}. Use --url ${address}\n`,
        });
      }
    },
    60_000,
  );

  it("is told with what addresses look like where nothing is there, and a page for everything is no endpoint", async () => {
    const { run } = await makeFreshWorld();
    const nothing = await listen((_, response) => response.writeHead(404).end());
    for (const words of [["login", "--url", nothing], byPassword(nothing)]) {
      const { code, errors } = await run(words, { input: account.password });
      expect(code).toBe(2);
      expect(errors).toMatch(/There are no auth endpoints at .* \(status 404\)\. They usually stand at .*\/v1\/auth/);
      expect(errors).not.toMatch(/try again later|offers no sign-in/i);
    }
  }, 60_000);

  it("is not blamed when the server has endpoints, but no device codes", async () => {
    const { run } = await makeFreshWorld();
    const url = await listen((request, response) =>
      response
        .writeHead(request.url?.endsWith("/users/me") ? 401 : 404, { "content-type": "application/json" })
        .end("{}"),
    );
    const { code, errors } = await run(["login", "--url", url]);
    expect(code).toBe(2);
    expect(errors).toContain("offers no sign-in by device code");
  }, 30_000);

  it.each([
    ["localhost:3000/v1/auth", /http:\/\/localhost:3000\/v1\/auth/],
    ["api.example/v1/auth", /looks like https:\/\//],
    ["ftp://api.example", /https:\/\/, or with http:\/\/ on this machine/],
    ["http://api.example/v1/auth", /plain http on another machine/],
  ])("is told what it must be: %s", async (url, message) => {
    const { run } = await makeFreshWorld();
    const { code, errors } = await run(["login", "--url", url]);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
  });
});

// N08
describe("a machine on which nobody has ever signed in", () => {
  it("is told to name the server by `login`, not that nobody is signed in", async () => {
    const { run } = await makeFreshWorld();
    const { code, errors } = await run(["login"]);
    expect(code).toBe(3);
    expect(errors).toMatch(/Name the server: stay-signed-in login --url https:/);
    expect(errors).not.toContain("Nobody is signed in");
  });

  it("has a status, in JSON where that is asked for", async () => {
    const { run } = await makeFreshWorld();
    const asked = await run(["status", "--json"]);
    expect(asked).toMatchObject({ code: 3, errors: "" });
    expect(JSON.parse(asked.output)).toEqual({
      address: null,
      status: "unauthenticated",
      reason: "none",
      subject: null,
      email: null,
      isGuest: false,
      isBound: false,
      sessionId: null,
      accessTokenExpiresAt: null,
      verified: false,
    });
    expect(await run(["status"])).toMatchObject({
      code: 3,
      errors: "",
      output: expect.stringMatching(/^Nobody is signed in/),
    });
    expect(await run(["token"])).toMatchObject({
      code: 3,
      output: "",
      errors: expect.stringMatching(/Nobody is signed in/),
    });
  });
});

// N08
it("a server that hangs is told of after a few seconds", async () => {
  const url = await listen(() => undefined);
  const { start } = await makeFreshWorld();
  const login = start(byPassword(url), { input: account.password });
  await login.printed(`Still waiting for an answer from ${url}`);
  login.child.kill("SIGKILL");
  await login.done;
}, 30_000);

// X08
it("what a server says of somebody cannot turn the line around, also in JSON", async () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: "ada\u202e", sid: "s\u2066", iat: now, exp: now + 900 };
  const token = {
    access_token: `${encode({ alg: "none" })}.${encode(claims)}.x`,
    token_type: "bearer",
    expires_in: 900,
  };
  const url = await listen((request, response) => {
    const body =
      request.url === "/users/me"
        ? { id: claims.sub, email: "\u001b[31mada\u202e@example.org" }
        : { ...token, refresh_token: "x" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const { run } = await makeFreshWorld();
  const signedIn = await run(byPassword(url), { input: account.password });
  expect(signedIn.code).toBe(0);
  for (const words of [["status"], ["status", "--json"]]) {
    const { output, errors } = await run(words);
    expect(output).toContain("ada");
    for (const letter of ["\u001b", "\u202e", "\u2066", "\\u001b"]) {
      expect(output + errors + signedIn.errors).not.toContain(letter);
    }
  }
}, 30_000);

describe("what a session was begun with", () => {
  it.each([
    ["laptop", "anything", "laptop"],
    ["", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    ["", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"],
    ["", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"],
    ["", "curl/8.5.0", "curl"],
    ["", "node", "node"],
    ["", "", "unknown"],
  ])("is named as people know it: %s %s", (clientName, userAgent, expected) => {
    expect(describeClient(clientName, userAgent)).toBe(expected);
  });
});
