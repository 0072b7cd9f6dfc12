import { afterAll, describe, expect, it } from "vitest";
import { examineApi } from "../../src/node/cli/doctor/examineApi.ts";
import { presetFor, writeDescription } from "../../src/node/cli/doctor/writeDescription.ts";
import { expectDescription } from "../backends/support/expectDescription.ts";
import { findPython } from "./support/findPython.ts";
import { startDjango } from "./support/startDjango.ts";
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
  });

  it("knows PocketBase by the server's address alone, and describes it so that it works", async () => {
    const server = await startPocketBase(python ?? "", { username: "ada@example.org", password });
    cleanups.push(() => server.kill());
    await expectPreset("pocketBase", `http://localhost:${server.port}`, "ada@example.org");
  });
});
