import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isInstalled } from "../support/isInstalled.ts";
import { dependencies, type PackedPackage, root, run } from "./packedPackage.ts";

/** What stands in test/package/older, once it has been installed: `npm ci --prefix test/package/older`. */
export const olderTool = (...path: string[]): string => join(root, "test/package/older/node_modules", ...path);
export const hasOlderTools = isInstalled(
  "Jest 27 (npm ci --prefix test/package/older)",
  existsSync(olderTool("jest-27")),
);

// As Babel leaves it. No configuration stands beside it.
const component = `/** @jest-environment jsdom */
const { act, createElement } = require("react");
const { createRoot } = require("react-dom/client");
const axios = require("axios");
const { AuthError, AuthProvider, createAuthClient, RequireAuth, useSession } = require("stay-signed-in");
const client = require("stay-signed-in/client");
const { authorizeAxios } = require("stay-signed-in/axios");
const { simpleJwt } = require("stay-signed-in/backends");
const { createTestAuthClient } = require("stay-signed-in/testing");
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

test("a component", async () => {
  const auth = createTestAuthClient({ identity: { subject: "ada" }, user: { email: "ada@example.org" } });
  const Name = () => useSession().user?.email ?? "";
  const guard = createElement(RequireAuth, { fallback: "Please sign in" }, createElement(Name));
  const page = document.body.appendChild(document.createElement("div"));
  const root = createRoot(page);
  await act(() => root.render(createElement(AuthProvider, { client: auth }, guard)));
  expect(page.textContent).toBe("ada@example.org");
  await act(() => auth.endSession("expired"));
  expect(page.textContent).toBe("Please sign in");
  await act(() => root.unmount());
});

test("a client of the page", async () => {
  const auth = createAuthClient({ backend: simpleJwt({ baseUrl: "/api/token", refreshToken: "localStorage" }) });
  const api = axios.create();
  authorizeAxios(api, auth);
  await expect(auth.getAccessToken()).rejects.toBeInstanceOf(client.AuthError);
  expect(client.AuthError).toBe(AuthError);
  auth.dispose();
});
`;

/** Jest with nothing set, in an app that has the packed package. */
export function describeJest(packed: () => PackedPackage): void {
  describe.skipIf(!hasOlderTools)("in Jest, without a line of configuration", () => {
    // 27 is create-react-app's and knows no `exports`; it brings its page along.
    it.each([
      ["jest-27", []],
      ["jest", ["jest-environment-jsdom"]],
    ])("works in %s", async (jest, beside) => {
      const project = await packed().makeProject(jest, [...dependencies, "react", "react-dom", "axios"]);
      for (const name of beside) await link(name, join(project, "node_modules", name));
      await writeFile(join(project, "package.json"), '{ "private": true }');
      await writeFile(join(project, "component.test.js"), component);
      const { stderr } = await run(process.execPath, [olderTool(jest, "bin", "jest.js"), "--ci"], {
        cwd: project,
        env: { ...process.env, NODE_ENV: "test" },
      }).catch((error: { stderr: string }) => expect.fail(error.stderr));
      expect(stderr).toContain("Tests:       2 passed, 2 total");
    });
  });
}

async function link(name: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(olderTool(name), path);
}
