import { afterAll, describe, expect, it } from "vitest";
import { codeCredentials, createAuthorizationRequest, oauth2, readCode } from "../../src/backends.ts";
import { examineApi } from "../../src/node/cli/doctor/examineApi.ts";
import {
  findOAuthFaults,
  findOAuthServer,
  writeOAuthDescription,
} from "../../src/node/cli/doctor/examineOAuthServer.ts";
import { presetFor, writeDescription } from "../../src/node/cli/doctor/writeDescription.ts";
import { expectDescription } from "../backends/support/expectDescription.ts";
import { authorizeAs } from "./support/authorizeAs.ts";
import { findPython } from "./support/findPython.ts";
import { startDjango } from "./support/startDjango.ts";
import { startOidcProvider } from "./support/startOidcProvider.ts";
import { startPocketBase } from "./support/startPocketBase.ts";

const python = await findPython();
const password = "correct horse battery";

describe.skipIf(python === null)("the doctor, at real servers (needs Python 3.11)", () => {
  const cleanups: Array<() => Promise<void>> = [];
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  async function expectPreset(preset: string, base: string, username: string): Promise<void> {
    const found = await examineApi({ base, username, password, fetch });
    expect(presetFor(found)).toBe(preset);
    await expectDescription(writeDescription(found), { fetch, username, password });
  }

  it("knows djangorestframework-simplejwt and dj-rest-auth, and describes them so that it works", async () => {
    const server = await startDjango(python ?? "");
    cleanups.push(() => server.kill());
    await expectPreset("simpleJwt", `http://localhost:${server.port}/api/token`, "ada");
    await expectPreset("djRestAuth", `http://localhost:${server.port}/api/auth`, "ada");
    const json = await startDjango(python ?? "", { JWT_AUTH_HTTPONLY: "0" });
    cleanups.push(() => json.kill());
    await expectPreset("djRestAuth", `http://localhost:${json.port}/api/auth`, "ada");
  });

  it("knows PocketBase by the server's address alone, and describes it so that it works", async () => {
    const server = await startPocketBase(python ?? "", { username: "ada@example.org", password });
    cleanups.push(() => server.kill());
    await expectPreset("pocketBase", `http://localhost:${server.port}`, "ada@example.org");
  });
});

describe("the doctor, at the real oidc-provider", () => {
  it("reads what it says of itself, and describes it so that it works", async () => {
    const { issuer, clientId, redirectUri, pageOrigin, endpoints, close } = await startOidcProvider();
    try {
      const server = (await findOAuthServer({ base: issuer, fetch })) ?? expect.fail("it has metadata");
      expect(await findOAuthFaults(server, { clientId, pageOrigin, fetch })).toEqual([]);
      const request = await createAuthorizationRequest({
        authorizationEndpoint: endpoints.authorization,
        clientId,
        redirectUri,
        scope: "openid offline_access email",
      });
      const code = readCode(await authorizeAs("ada", request.url, redirectUri), request);
      const credentials = codeCredentials({ code, codeVerifier: request.codeVerifier });
      await expectDescription(writeOAuthDescription(server, { clientId, pageOrigin }), {
        fetch,
        oauth2,
        ...credentials,
      });

      const elsewhere = { pageOrigin: "https://elsewhere.example", fetch };
      const [refused, ...others] = await findOAuthFaults(server, { clientId, ...elsewhere });
      expect([refused?.text, others]).toEqual([expect.stringContaining("Access-Control-Allow-Origin"), []]);
      const unknown = await findOAuthFaults(server, { clientId: "nobody", ...elsewhere });
      expect(unknown[0]?.text).toContain("register nobody as a public client");
    } finally {
      await close();
    }
  });
});
