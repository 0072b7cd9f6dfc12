import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { serve, type ServerType } from "@hono/node-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCommandLine } from "../../src/node/cli/runCommandLine.ts";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";

async function startServer(change: (response: Response) => Response = (response) => response): Promise<string> {
  const auth = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "the secret of the conformance command's tests",
    refreshGraceSeconds: 2,
    device: false,
    rateLimits: false,
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
  });
  const fetch = async (request: Request, environment: object) => change(await auth.app.fetch(request, environment));
  const server = await new Promise<ServerType>((resolve) => {
    const started: ServerType = serve({ fetch, port: 0, hostname: "localhost" }, () => resolve(started));
  });
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
    await auth.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

async function run(...words: string[]): Promise<{ code: number; output: string; messages: string }> {
  const [output, messages] = [new PassThrough(), new PassThrough()];
  const said = { output: "", messages: "" };
  output.on("data", (chunk) => (said.output += String(chunk)));
  messages.on("data", (chunk) => (said.messages += String(chunk)));
  const code = await runCommandLine(["conformance", ...words], {
    environment: {},
    input: Readable.from([]) as unknown as NodeJS.ReadStream,
    output: output as unknown as NodeJS.WriteStream,
    messages: messages as unknown as NodeJS.WriteStream,
    openBrowser: () => Promise.resolve(),
    version: "0",
    interrupted: new AbortController().signal,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { code, ...said };
}

describe("stay-signed-in conformance", () => {
  it("says of a server that keeps the protocol what holds, and which optional parts it leaves out", async () => {
    const { code, output } = await run("--url", `${await startServer()}/v1/auth`, "--grace", "2s");
    expect(output).toMatch(/ok {3}R3 {3}Twenty uses of one token at once/);
    expect(output).toMatch(/- {4}D1 .*\n +optional, and not offered here \(answers 404\)/);
    expect(output).toMatch(/\d+ hold, 0 fail, \d+ optional and not offered/);
    expect(code).toBe(0);
  });

  it("says of one that does not what fails, and why, and exits with 1", async () => {
    const url = await startServer((response) => {
      const headers = new Headers(response.headers);
      headers.delete("cache-control");
      return new Response(response.body, { status: response.status, headers });
    });
    const { code, output } = await run("--url", `${url}/v1/auth`, "--grace", "2s");
    expect(output).toMatch(/FAIL X7 .*\n +A 200 may be cached\./);
    expect(code).toBe(1);
    const json = await run("--url", `${url}/v1/auth`, "--grace", "2s", "--json");
    const rows = JSON.parse(json.output) as { id: string; verdict: string; reason: string | null }[];
    expect(rows.find(({ id }) => id === "X7")).toMatchObject({ verdict: "fails", reason: "A 200 may be cached." });
  });

  it("says at once when the address is wrong, when nobody answers, and when none is given", async () => {
    const url = await startServer();
    const wrong = await run("--url", `${url}/auth`);
    expect(wrong.messages).toContain("POST /auth/register answered 404");
    expect(wrong.messages).toContain("hold the prefix");
    const nobody = await run("--url", "http://127.0.0.1:1/v1/auth");
    expect(nobody.messages).toContain("was not reached");
    expect([wrong.code, nobody.code, (await run()).code]).toEqual([4, 4, 2]);
    expect([wrong.output, nobody.output]).toEqual(["", ""]);
  });
});
