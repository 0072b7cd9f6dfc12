import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { directusWire } from "../backends/wires/directusWire.ts";
import { bundlePrograms, type Programs } from "./support/bundleProgram.ts";
import { runProgram } from "./support/runProgram.ts";

let programs: Programs;
let server: ServerType;
let url: string;

beforeAll(async () => {
  programs = await bundlePrograms(["src/node/bin.ts"]);
  const { app } = directusWire({ now: Date.now, mode: "json" });
  await new Promise<void>((listening) => {
    server = serve({ fetch: (request) => app.fetch(request), port: 0, hostname: "127.0.0.1" }, () => listening());
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  server.close();
  await programs.remove();
});

const doctor = (words: string[], input?: string) =>
  runProgram(process.execPath, [programs.pathOf("bin"), "doctor", ...words], {
    env: process.env,
    ...(input !== undefined && { input }),
  });
const signingIn = ["--username", "ada@example.org", "--password-stdin"];

it("prints what it found, what to change, and a description", async () => {
  const { code, output, errors } = await doctor(["--url", url, ...signingIn], "correct horse\n");
  expect([code, errors]).toEqual([1, ""]);
  expect(output).toContain("sign-in        POST /auth/login with email and password");
  expect(output).toContain("  ! Refresh tokens rotate without a grace time");
  expect(output).toContain("createTokenBackend({");
  expect(output).toContain("the preset directus");
  expect(output).not.toMatch(/correct horse|refresh-\d|eyJ/);
});

it("tells programs as JSON", async () => {
  const { output } = await doctor(["--url", url, "--json", ...signingIn], "correct horse\n");
  expect(JSON.parse(output)).toMatchObject({
    description: expect.stringContaining("baseUrl"),
    findings: expect.arrayContaining([{ level: "problem", text: expect.stringContaining("grace time") }]),
  });
});

it("says in a sentence what it needs", async () => {
  expect(await doctor([])).toMatchObject({ code: 2, errors: expect.stringContaining("--url") });
  expect(await doctor(["--url", url, "--password-stdin"])).toMatchObject({ code: 2 });
  expect(await doctor(["--url", url])).toMatchObject({ code: 2, errors: expect.stringContaining("--username") });
  const wrong = await doctor(["--url", url, ...signingIn], "wrong\n");
  expect(wrong).toMatchObject({ code: 6, output: "" });
  expect(wrong.errors).not.toContain("wrong\n");
});

it("asks nobody for a password at an OAuth 2.0 server, and prints the preset for it", async () => {
  const metadata = {
    issuer: "http://127.0.0.1",
    authorization_endpoint: "https://accounts.example/authorize",
    token_endpoint: "https://accounts.example/token",
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic"],
  };
  const listening = await new Promise<ServerType>((resolve) => {
    const made = serve(
      {
        fetch: ({ url: asked }) =>
          asked.endsWith("/tenant/.well-known/openid-configuration")
            ? Response.json(metadata)
            : new Response(null, { status: 404 }),
        port: 0,
        hostname: "127.0.0.1",
      },
      () => resolve(made),
    );
  });
  const { port } = listening.address() as AddressInfo;
  const { code, output, errors } = await doctor(["--url", `http://127.0.0.1:${port}/tenant`]);
  listening.close();
  expect([code, errors]).toEqual([1, ""]);
  expect(output).toContain("people sign in on its own page");
  expect(output).toContain("  ! The server takes no clients without a secret");
  expect(output).toContain('oauth2({\n  clientId: "YOUR-CLIENT",');
  expect(output).not.toContain('revocation: "');
});
