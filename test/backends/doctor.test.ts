import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { describe, expect, it } from "vitest";
import { formatReport, reportOf } from "../../src/node/cli/doctor/doctor.ts";
import { createDoctorWire } from "../../src/node/cli/doctor/doctorWire.ts";
import { examineApi } from "../../src/node/cli/doctor/examineApi.ts";
import { findCorsFaults, findFaults } from "../../src/node/cli/doctor/findFaults.ts";
import { presetFor, writeDescription } from "../../src/node/cli/doctor/writeDescription.ts";
import type { ServerApp } from "../../src/testing.ts";
import { expectDescription } from "./support/expectDescription.ts";
import { createTokenServer } from "./support/tokenServer.ts";
import { aspNetWire } from "./wires/aspNetWire.ts";
import { directusWire } from "./wires/directusWire.ts";
import { manners } from "./wires/manners.ts";
import { ownApi } from "./wires/ownApi.ts";
import { strapiWire } from "./wires/strapiWire.ts";

const account = { username: "ada@example.org", password: "correct horse" };
const now = Date.now;

const fetchOf =
  (app: ServerApp): typeof globalThis.fetch =>
  async (input, init) =>
    app.fetch(new Request(input, init));

describe("the doctor", () => {
  it.each([
    ["directus", "refresh token in JSON", directusWire({ now, mode: "json" }), "https://app.example"],
    ["directus", "refresh token in a cookie", directusWire({ now, mode: "cookie" }), "https://app.example"],
    ["aspNetIdentity", "refresh token in JSON", aspNetWire({ now }), "https://app.example/account"],
    ["strapi", "refresh token in JSON", strapiWire({ now, isHttpOnly: false }), "https://app.example/api"],
    ["strapi", "refresh token in a cookie", strapiWire({ now, isHttpOnly: true }), "https://app.example"],
  ])("writes a description that works: %s, %s", async (preset, _, { app }, base) => {
    const fetch = fetchOf(app);
    const found = await examineApi({ base, ...account, fetch });
    expect(found.refresh).toMatchObject({ rotates: true, hasGrace: false });
    expect(presetFor(found)).toBe(preset);
    await expectDescription(writeDescription(found), { fetch, ...account });
  });

  it.each(Object.entries(manners))("writes a description that works: %s", async (_, manner) => {
    const fetch = fetchOf(ownApi({ now }, manner).app);
    const found = await examineApi({ base: "https://app.example/api", ...account, fetch });
    expect(found.refresh).toMatchObject({ method: manner.refresh.method, rotates: manner.rotates });
    expect(found.signOut?.ends ?? null).toBe(manner.signOutPath === null ? null : true);
    expect(presetFor(found)).toBeNull();
    await expectDescription(writeDescription(found), { fetch, ...account });
  });

  interface Manner {
    readonly rotates?: boolean;
    readonly graceMs?: number;
    readonly cookie?: Parameters<typeof setCookie>[3];
    readonly cors?: Record<string, string>;
    /** The answer to a refresh spells its tokens otherwise than that to a sign-in. */
    readonly renames?: boolean;
  }

  /** An API as people write them. */
  function writeApi({ rotates = true, graceMs = 0, cookie, cors = {}, renames = false }: Manner) {
    const server = createTokenServer({ now, lifetimeMs: 900_000 });
    const app = new Hono();
    const former = new Map<string, { session: ReturnType<typeof server.begin>; until: number }>();
    const leave = (c: Parameters<typeof setCookie>[0], token: string) => {
      if (cookie !== undefined) setCookie(c, "refreshToken", token, cookie);
      return cookie === undefined ? { refreshToken: token } : {};
    };
    app.options("*", (c) => c.body(null, 204, cors));
    app.post("/v1/auth/login", async (c) => {
      const { email, password } = await c.req.json();
      if (email === undefined) return c.json({ message: ["email must be an email"] }, 400);
      const found = server.check(email, password);
      if (found === null) return c.json({ message: "Unauthorized" }, 401);
      const session = server.begin(found.id);
      return c.json({
        accessToken: server.issue(session, { sub: session.subject }),
        ...leave(c, session.refreshToken),
      });
    });
    app.post("/v1/auth/refresh", async (c) => {
      const body = (await c.req.json()) as { refreshToken?: string };
      const presented = (cookie === undefined ? body.refreshToken : getCookie(c, "refreshToken")) ?? "";
      const kept = former.get(presented);
      const session = kept !== undefined && kept.until >= now() ? kept.session : server.redeem(presented, { rotates });
      if (session === null) return c.json({ message: "Invalid refresh token" }, 401);
      if (rotates && graceMs > 0) former.set(presented, { session, until: now() + graceMs });
      if (renames)
        return c.json({
          data: { access_token: server.issue(session, { sub: session.subject }), refresh_token: session.refreshToken },
        });
      return c.json({
        accessToken: server.issue(session, { sub: session.subject }),
        ...leave(c, session.refreshToken),
      });
    });
    app.get("/v1/users/me", (c) => {
      const session = server.authenticate(c.req.raw);
      return session === null ? c.json({}, 401) : c.json({ id: session.subject, email: "ada@example.org" });
    });
    return fetchOf(app);
  }

  async function faultsOf(manner: Manner, origin: string | null = null): Promise<string> {
    const fetch = writeApi(manner);
    const found = await examineApi({ base: "https://api.example/v1", ...account, fetch });
    await expectDescription(writeDescription(found), { fetch, ...account });
    const faults = [
      ...findFaults(found, origin),
      ...(origin === null ? [] : await findCorsFaults(createDoctorWire({ fetch }), found, origin)),
    ];
    const report = formatReport(reportOf(found, faults)).join("\n");
    // What it was given, it does not show.
    expect(report).not.toMatch(/correct horse|refresh-\d|eyJ/);
    return report;
  }

  it("tells rotation without a grace time from rotation with one, and from none", async () => {
    expect(await faultsOf({})).toContain("rotate without a grace time");
    expect(await faultsOf({ graceMs: 30_000 })).toContain("Nothing that will sign people out by itself.");
    expect(await faultsOf({ rotates: false })).toContain("do not rotate");
  });

  it("reads tokens that a refresh spells otherwise than a sign-in", async () => {
    const fetch = writeApi({ renames: true });
    const found = await examineApi({ base: "https://api.example/v1", ...account, fetch });
    const description = writeDescription(found);
    expect(description).toContain("accessToken: body.accessToken ?? body.data?.access_token");
    await expectDescription(description, { fetch, ...account });
  });

  it.each<[string, NonNullable<Manner["cookie"]>]>([
    ["A browser refuses the cookie refreshToken: SameSite=None needs Secure", { sameSite: "None", httpOnly: true }],
    ["Scripts can read the cookie refreshToken", { secure: true }],
    ["also travels over plain http", { httpOnly: true }],
    ["so it is not sent to the refresh", { httpOnly: true, secure: true, path: "/elsewhere" }],
    ["its Domain is not the server's", { httpOnly: true, secure: true, domain: "other.example" }],
  ])("sees what is wrong with a cookie: %s", async (text, cookie) => {
    const fetch = writeApi({ cookie });
    const found = await examineApi({ base: "https://api.example/v1", ...account, fetch });
    expect(
      findFaults(found, null)
        .map((fault) => fault.text)
        .join("\n"),
    ).toContain(text);
  });

  it("sees a cookie that never reaches a page of another site", async () => {
    const cookie = { httpOnly: true, secure: true, sameSite: "Lax", path: "/" } as const;
    expect(await faultsOf({ cookie, graceMs: 30_000 }, "https://app.elsewhere.example.net")).toContain(
      "SameSite=lax keeps the cookie refreshToken from it",
    );
  });

  it("sees which headers a page of another origin misses", async () => {
    const origin = "https://app.example";
    expect(await faultsOf({}, origin)).toContain(
      "It needs Access-Control-Allow-Origin: https://app.example, Access-Control-Allow-Headers: content-type.",
    );
    const cors = { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "content-type" };
    const report = await faultsOf({ cors }, origin);
    expect(report).toContain("It needs Access-Control-Allow-Headers: authorization.");
    expect(report).not.toContain("content-type");
  });

  it("says so when there is no sign-in, and when the credentials are wrong", async () => {
    const fetch = writeApi({});
    const base = "https://api.example/v1";
    const wrong = examineApi({ base, username: "ada@example.org", password: "wrong", fetch });
    await expect(wrong).rejects.toMatchObject({ code: "credentialsRejected" });
    const lost = examineApi({ base: "https://api.example/v2", ...account, fetch });
    await expect(lost).rejects.toMatchObject({ code: "invalidOptions", message: expect.stringContaining("--sign-in") });
  });
});
