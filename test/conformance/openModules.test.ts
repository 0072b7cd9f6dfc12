import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

it("a script that loads the server's sources can go on running them, also what they import only when it is needed", async () => {
  const script = `
    import { openModules } from "./test/support/openModules.mjs";
    const modules = await openModules();
    const { createPasswordPolicy } = await modules.load("/src/server/passwordPolicy.ts");
    const policy = createPasswordPolicy({ refuseCommonPasswords: true });
    console.log(await policy.objection("password123", { email: null }));
    await modules.close();
  `;
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: repository });
  expect(stdout).toContain("one of the most common ones");
}, 30_000);
