import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { refuseBreachedPasswords } from "../../examples/app/server/breachedPasswords.ts";
import { openPage } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, register } from "./support/testServer.ts";

const EMAIL = "ada.lovelace@example.org";

const registerWith = (server: ReturnType<typeof createTestServer>, password: string, email = EMAIL) =>
  openPage(server).send("POST", "/register", { json: { email, password } });

async function reasonFor(password: string, options: Parameters<typeof createTestServer>[0] = {}): Promise<unknown> {
  const { status, body } = await registerWith(createTestServer(options), password);
  if (status === 201) return null;
  const { detail } = body as { detail: { code: string; reason: string } };
  expect([status, detail.code]).toEqual([400, "REGISTER_INVALID_PASSWORD"]);
  return detail.reason;
}

// X07
describe("a new password", () => {
  it.each([
    ["two emoji", "😀😀"],
    ["seven letters of four bytes each", "𝒶𝒷𝒸𝒹𝑒𝒻𝑔"],
    ["four letters of two bytes each", "üüüü"],
  ])("is refused when it is shorter than 8 characters: %s", async (_, password) => {
    expect(await reasonFor(password)).toMatch(/at least 8 characters/);
  });

  it("is counted by characters", async () => {
    expect(await reasonFor("𝒶𝒷𝒸𝒹𝑒𝒻𝑔𝒽")).toBeNull();
    expect(await reasonFor("ü".repeat(512))).toBeNull();
    expect(await reasonFor("ü".repeat(513))).toMatch(/at most 1024 bytes/);
  });

  it.each(["password", "PassWord", "12345678", "qwertyuiop", "password123", "iloveyou", "trustno1"])(
    "is refused when it is a common one: %s",
    async (password) => {
      expect(await reasonFor(password)).toMatch(/most common/);
    },
  );

  it.each([EMAIL, EMAIL.toUpperCase(), ` ${EMAIL} `, "ada.lovelace", "Ada.Lovelace"])(
    "is refused when it is the e-mail address: %s",
    async (password) => {
      expect(await reasonFor(password)).toMatch(/e-mail address/);
    },
  );

  it("may be a common one where the operator says so, and never the address", async () => {
    const options = { refuseCommonPasswords: false };
    expect(await reasonFor("password", options)).toBeNull();
    expect(await reasonFor(EMAIL, options)).toMatch(/e-mail address/);
  });

  it("is held to the same when it is changed and when an operator sets it, and changes nothing when refused", async () => {
    const server = createTestServer({
      checkPassword: (password) => (password.includes("acme") ? "No company name." : null),
    });
    const { page, token } = await openSignedInPage(server, EMAIL);
    for (const [password, reason] of [
      ["password", /common/],
      [EMAIL, /address/],
      ["acme acme", /company/],
    ] as const) {
      const json = { password, current_password: PASSWORD };
      const refused = await page.send("PATCH", "/users/me", { bearer: token.access_token, json });
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({
        detail: { code: "UPDATE_USER_INVALID_PASSWORD", reason: expect.stringMatching(reason) },
      });
      await expect(server.subjects.resetPassword(token.subject, password)).rejects.toThrow(reason);
    }
    expect((await page.send("POST", "/jwt/refresh")).status).toBe(200);
  });

  it("does not matter to those who have one already", async () => {
    const server = createTestServer({ refuseCommonPasswords: false });
    await register(openPage(server), EMAIL, "password");
    const strict = createTestServer();
    expect((await registerWith(strict, "password")).status).toBe(400);
    const form = { username: EMAIL, password: "password" };
    expect((await openPage(server).send("POST", "/jwt/login", { form })).status).toBe(200);
  });
});

describe("the program's own check of passwords", () => {
  it("is told the password and whose it is, only of what the server would take, and its reason reaches the person", async () => {
    const asked: unknown[] = [];
    const checkPassword = async (...values: unknown[]) => {
      asked.push(values);
      return "It must rhyme.";
    };
    expect(await reasonFor("password", { checkPassword })).toMatch(/common/);
    expect(await reasonFor("a fine password", { checkPassword })).toBe("It must rhyme.");
    expect(asked).toEqual([["a fine password", { email: EMAIL }]]);
  });

  it.each([null, undefined])("lets pass with %s", async (answer) => {
    expect(await reasonFor("a fine password", { checkPassword: () => answer })).toBeNull();
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("a fine password");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("makes the answer 503 when it %s, and nobody is registered", async (_, checkPassword) => {
    const server = createTestServer({ checkPassword });
    expect((await registerWith(server, "a fine password")).status).toBe(503);
    expect(await server.subjects.findByEmail(EMAIL)).toBeNull();
    expect(server.errors).toHaveLength(1);
  });
});

describe("the example's list of stolen passwords", () => {
  const services: Server[] = [];
  afterEach(async () => {
    for (const service of services.splice(0)) await new Promise((done) => service.close(done));
  });

  /** A service as the public one, on this machine, that answers each question with `lines`. */
  async function startService(lines: string, status = 200) {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(status).end(lines);
    });
    services.push(service);
    await new Promise<void>((done) => service.listen(0, "127.0.0.1", done));
    return { asked, rangeUrl: `http://127.0.0.1:${(service.address() as AddressInfo).port}/range/` };
  }

  // SHA-1 of "a stolen password".
  const PREFIX = "AD97F";
  const SUFFIX = "12E8638DC022040ADBD69778756732CAAB1";

  it("refuses what is on it, and tells the service nothing but the beginning of a hash", async () => {
    const { asked, rangeUrl } = await startService(`0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n${SUFFIX}:42\r\n`);
    const options = { checkPassword: refuseBreachedPasswords({ rangeUrl }) };
    expect(await reasonFor("a stolen password", options)).toMatch(/stolen/);
    expect(await reasonFor("a fine password", options)).toBeNull();
    expect(asked[0]).toBe(`/range/${PREFIX}`);
  });

  it("takes padding for what it is", async () => {
    const { rangeUrl } = await startService(`${SUFFIX}:0\r\n`);
    expect(await reasonFor("a stolen password", { checkPassword: refuseBreachedPasswords({ rangeUrl }) })).toBeNull();
  });

  it("keeps nobody from registering when the service fails or is away", async () => {
    const failing = await startService("no", 500);
    for (const rangeUrl of [failing.rangeUrl, "http://127.0.0.1:1/range/"]) {
      expect(await reasonFor("a stolen password", { checkPassword: refuseBreachedPasswords({ rangeUrl }) })).toBeNull();
    }
  });
});
