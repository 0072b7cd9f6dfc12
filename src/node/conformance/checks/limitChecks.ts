import { type ConformanceCheck, expectSame } from "../conformanceCheck.ts";

const section = "Limits and records";

export const limitChecks: readonly ConformanceCheck[] = [
  {
    id: "L1",
    section,
    sentence: "A body over 16 KiB is 413",
    async run({ openPage }) {
      const json = { email: `${"x".repeat(17_000)}@example.org`, password: "correct horse battery" };
      expectSame((await openPage().send("POST", "/register", { json })).status, 413, "status");
    },
  },
  {
    id: "L2",
    section,
    sentence: "An uncommon password of 8 characters and one of 1,024 bytes can sign in",
    async run({ openPage }) {
      for (const password of ["q7#mT2vK", "x".repeat(1024)]) {
        const username = `conformance-${crypto.randomUUID()}@example.org`;
        const page = openPage();
        const registered = await page.send("POST", "/register", { json: { email: username, password } });
        expectSame(registered.status, 201, `registering with ${password.length} bytes`);
        const signedIn = await page.send("POST", "/jwt/login", { form: { username, password } });
        expectSame(signedIn.status, 200, `signing in with ${password.length} bytes`);
      }
    },
  },
];
