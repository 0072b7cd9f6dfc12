import type { Answer } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat } from "../conformanceCheck.ts";
import { isCatchAllPage } from "../conformanceContext.ts";

const section = "Cross-site requests";
const COOKIE_PATHS = ["/jwt/login", "/jwt/refresh", "/jwt/logout"];

export const crossSiteChecks: readonly ConformanceCheck[] = [
  refusal("X1", "Any Sec-Fetch-Site but same-origin is 403 ORIGIN_NOT_ALLOWED", [
    { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    { "sec-fetch-site": "same-site", origin: "https://sibling.example" },
    { "sec-fetch-site": "none", origin: null },
  ]),
  refusal("X2", "Without Sec-Fetch-Site, a foreign Origin is 403, and so is the origin null", [
    { "sec-fetch-site": null, origin: "https://evil.example" },
    { "sec-fetch-site": null, origin: "null" },
  ]),
  refusal("X3", "A cookie with neither Origin nor Sec-Fetch-Site is 403", [{ "sec-fetch-site": null, origin: null }]),
  {
    id: "X4",
    section,
    sentence: "Sec-Fetch-Site: same-origin is enough, and so is the server's own Origin without it",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      await signIn(page, await makeAccount());
      expectSame(
        (await page.send("POST", "/jwt/refresh", { headers: { origin: null } })).status,
        200,
        "without Origin",
      );
      const old = await page.send("POST", "/jwt/refresh", { headers: { "sec-fetch-site": null } });
      expectSame(old.status, 200, "without Sec-Fetch-Site");
    },
  },
  {
    id: "X5",
    section,
    sentence:
      "The body transport is 403 with an Origin, a Sec-Fetch-Site or a Cookie: a page's script can leave none out",
    async run({ startProgram, makeAccount, signIn }) {
      const account = await makeAccount();
      const program = startProgram();
      const { refresh_token } = await signIn(program, account);
      for (const headers of [
        { origin: "https://app.example" },
        { "sec-fetch-site": "same-origin" },
        { cookie: "a=b" },
      ]) {
        const signIns = await program.send("POST", "/jwt/login", { form: { ...account }, headers });
        expectSame(signIns.status, 403, `sign-in with ${Object.keys(headers).join()}`);
        const refreshes = await program.send("POST", "/jwt/refresh", { json: { refresh_token }, headers });
        expectSame(refreshes.status, 403, `refresh with ${Object.keys(headers).join()}`);
      }
    },
  },
  {
    id: "X6",
    section,
    sentence: "No answer lets a foreign origin read it",
    async run({ openPage }) {
      const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
      for (const [method, path] of [
        ["GET", "/users/me"],
        ["POST", "/jwt/refresh"],
        ["OPTIONS", "/jwt/refresh"],
      ] as const) {
        const answer = await openPage().send(method, path, {
          headers: { ...headers, ...(method === "OPTIONS" && { "access-control-request-method": "POST" }) },
        });
        const allowed = answer.headers.get("access-control-allow-origin");
        expectThat(allowed !== "*" && allowed !== headers.origin, `${method} ${path} allows ${allowed}.`);
      }
    },
  },
  {
    id: "X7",
    section,
    sentence: "Every answer has Cache-Control: no-store and Vary: Origin, Cookie, Authorization, errors included",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      const { access_token: bearer } = await signIn(page, await makeAccount());
      const answers: Answer[] = [
        await page.send("GET", "/users/me", { bearer }),
        await page.send("GET", "/users/me"),
        await page.send("POST", "/jwt/refresh"),
        await page.send("POST", "/jwt/login", { form: { username: "nobody@example.org", password: "wrong password" } }),
        await page.send("POST", "/jwt/login", { form: {} }),
        await page.send("POST", "/jwt/logout"),
        await page.send("POST", "/jwt/refresh"),
      ];
      for (const { status, headers } of answers) {
        expectThat(/no-store/.test(headers.get("cache-control") ?? ""), `A ${status} may be cached.`);
        const vary = (headers.get("vary") ?? "").toLowerCase();
        for (const name of ["origin", "cookie", "authorization"]) {
          expectThat(vary.includes(name), `A ${status} does not vary by ${name}.`);
        }
      }
    },
  },
  {
    id: "X8",
    section,
    sentence: "GET changes nothing: the cookie endpoints have no GET",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      await signIn(page, await makeAccount());
      for (const path of COOKIE_PATHS) {
        const answer = await page.send("GET", path);
        const isAbsent = answer.status === 404 || answer.status === 405 || isCatchAllPage(answer);
        expectThat(isAbsent, `GET ${path} answered ${answer.status}.`);
        expectSame(answer.setCookies, [], `cookies of GET ${path}`);
      }
    },
  },
];

function refusal(
  id: string,
  sentence: string,
  cases: readonly Readonly<Record<string, string | null>>[],
): ConformanceCheck {
  return {
    id,
    section,
    sentence,
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const page = openPage();
      const { access_token: bearer } = await signIn(page, account);
      for (const headers of cases) {
        for (const path of COOKIE_PATHS) {
          const options = path === "/jwt/login" ? { headers, form: { ...account } } : { headers };
          const answer = await page.send("POST", path, options);
          expectSame(
            [answer.status, answer.code],
            [403, "ORIGIN_NOT_ALLOWED"],
            `${path} with ${JSON.stringify(headers)}`,
          );
          expectSame(answer.setCookies, [], "cookies");
        }
      }
      expectSame((await page.send("GET", "/users/me", { bearer })).status, 200, "the session all the same");
    },
  };
}
