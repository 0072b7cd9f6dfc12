import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findFreePort } from "../../../examples/app/server/findFreePort.ts";
import { preparePythonEnvironment } from "./pythonEnvironment.ts";
import { type RunningProcess, startProcess } from "./startProcess.ts";

const folder = fileURLToPath(new URL("../backends/pocketbase", import.meta.url));
const root = ["root@example.org", "the root of the interop tests"] as const;

export interface PocketBase extends RunningProcess {
  /** Another password, even the same one, ends every session of that person. */
  endSessions(): Promise<void>;
}

/** The real PocketBase, with one account in its collection `users`; its tokens live ten seconds, the least that it allows. */
export async function startPocketBase(
  python: string,
  account: { readonly username: string; readonly password: string },
): Promise<PocketBase> {
  const environment = await preparePythonEnvironment(python, folder);
  const command = environment.replace(/python$/, "pocketbase");
  const data = await mkdtemp(join(tmpdir(), "pocketbase-"));
  await promisify(execFile)(command, ["superuser", "upsert", ...root, "--dir", data]);
  const port = await findFreePort(8090, "127.0.0.1");
  const server = await startProcess({
    command,
    arguments: ["serve", `--http=127.0.0.1:${port}`, `--dir=${data}`],
    folder,
    ready: /Server started at http:\/\/127\.0\.0\.1:(\d+)/,
  });

  async function ask(method: string, path: string, json: object, token = ""): Promise<{ token: string; id: string }> {
    const response = await fetch(`http://127.0.0.1:${port}/api/collections/${path}`, {
      method,
      headers: { "Content-Type": "application/json", Authorization: token },
      body: JSON.stringify(json),
    });
    if (!response.ok) throw new Error(`PocketBase answered ${method} ${path} with status ${response.status}.`);
    return (await response.json()) as { token: string; id: string };
  }
  const { password } = account;
  const [identity, rootPassword] = root;
  const { token } = await ask("POST", "_superusers/auth-with-password", { identity, password: rootPassword });
  await ask("PATCH", "users", { authToken: { duration: 10 } }, token);
  const passwords = { password, passwordConfirm: password };
  const { id } = await ask("POST", "users/records", { email: account.username, ...passwords });

  return {
    port: server.port,
    async endSessions() {
      await ask("PATCH", `users/records/${id}`, passwords, token);
    },
    async kill() {
      await server.kill();
      await rm(data, { recursive: true });
    },
  };
}
