import { afterAll, beforeAll, describe, it } from "vitest";
import { NotOffered } from "../../src/node/conformance/conformanceCheck.ts";
import { conformanceChecks } from "../../src/node/conformance/conformanceChecks.ts";
import { type ConformanceContext, createConformanceContext } from "../../src/node/conformance/conformanceContext.ts";
import { findPython } from "./support/findPython.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";

const python = await findPython();

describe.skipIf(python === null)("the fastapi-users example keeps PROTOCOL.md (needs Python 3.11)", () => {
  let server: PythonServer;
  let context: ConformanceContext;

  beforeAll(async () => {
    // Long enough that a busy machine answers a check's requests within it, as password hashing may take a second here.
    const graceSeconds = 20;
    const settings = { REFRESH_GRACE_SECONDS: String(graceSeconds) };
    server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
    context = createConformanceContext({ baseUrl: server.baseUrl, graceSeconds });
  });

  afterAll(() => server?.dispose());

  const titled = conformanceChecks.map((check) => [`${check.id} ${check.sentence}`, check] as const);
  it.concurrent.for(titled)("%s", async ([, check], { skip }) => {
    try {
      await check.run(context);
    } catch (error) {
      if (error instanceof NotOffered) skip(`${check.id} ${error.message}`);
      throw error;
    }
  });
});
