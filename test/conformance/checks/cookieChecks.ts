import { tokenOf } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat } from "../conformanceCheck.ts";

const section = "Cookie";

export const cookieChecks: readonly ConformanceCheck[] = [
  {
    id: "C1",
    section,
    sentence:
      "HttpOnly, SameSite=Strict, no Domain, Max-Age; __Host-Http-…, Secure and Path=/ on https; the prefix as path else",
    async run({ baseUrl, openPage, makeAccount }) {
      const answer = await openPage().send("POST", "/jwt/login", { form: { ...(await makeAccount()) } });
      expectSame(answer.setCookies.length, 1, "how many cookies");
      const { name, attributes } = answer.setCookies[0] ?? { name: "", attributes: [] as readonly string[] };
      const has = (attribute: string) => attributes.includes(attribute);
      expectThat(has("httponly"), "HttpOnly is missing.");
      expectThat(has("samesite=strict"), "SameSite=Strict is missing.");
      expectThat(
        attributes.some((each) => /^max-age=[1-9]\d*$/.test(each)),
        "Max-Age is missing.",
      );
      if (baseUrl.protocol === "https:") {
        expectThat(has("secure") && /^__(Host|Secure)-/.test(name), "The cookie is not bound to https.");
      } else {
        expectThat(!has("secure") && !name.startsWith("__"), "Not every browser keeps such a cookie on plain http.");
        expectThat(has(`path=${baseUrl.pathname}`), `Path=${baseUrl.pathname} is missing.`);
      }
      expectThat(!attributes.some((each) => each.startsWith("domain=")), "There is a Domain.");
    },
  },
  {
    id: "C2",
    section,
    sentence: "Each session has a cookie name of its own, so that a late answer cannot erase another's",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const page = openPage();
      await signIn(page, account);
      await signIn(page, account);
      expectSame(page.jar.size, 2, "how many names");
    },
  },
  {
    id: "C3",
    section,
    sentence: "Of several cookies the highest session number decides, in any order; a 200 clears the others",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      for (const isReversed of [false, true]) {
        const page = openPage();
        await signIn(page, account);
        const second = await signIn(page, account);
        const cookies = [...page.jar];
        page.jar.clear();
        for (const [name, value] of isReversed ? cookies.reverse() : cookies) page.jar.set(name, value);
        expectSame(tokenOf(await page.send("POST", "/jwt/refresh")).session, second.session, "which session");
        expectSame(page.jar.size, 1, "cookies left");
      }
    },
  },
  {
    id: "C4",
    section,
    sentence: "It decides even if that session has ended: then 401, although an older one is alive",
    async run({ openPage, makeAccount, signIn }) {
      const [first, second] = [openPage(), openPage()];
      await signIn(first, await makeAccount());
      const newer = await signIn(second, await makeAccount());
      const cookies = [...first.jar, ...second.jar];
      await second.send("POST", "/jwt/logout", { json: { session_id: newer.session.id } });
      for (const [name, value] of cookies) first.jar.set(name, value);
      const answer = await first.send("POST", "/jwt/refresh");
      expectSame([answer.status, answer.code, answer.setCookies.length], [401, "REFRESH_TOKEN_REVOKED", 0], "answer");
    },
  },
  {
    id: "C5",
    section,
    sentence: "A sign-out clears the cookie with the attributes that it was set with",
    async run({ openPage, makeAccount }) {
      const page = openPage();
      const { setCookies } = await page.send("POST", "/jwt/login", { form: { ...(await makeAccount()) } });
      const cleared = (await page.send("POST", "/jwt/logout")).setCookies;
      const shape = (cookies: typeof setCookies) =>
        cookies.map(({ name, attributes }) => [
          name,
          ...attributes.filter((each) => !/^(max-age|expires)=/.test(each)).toSorted(),
        ]);
      expectSame(shape(cleared), shape(setCookies), "name and attributes");
      expectThat(
        cleared.every(({ attributes }) => attributes.includes("max-age=0")),
        "Max-Age=0 is missing.",
      );
    },
  },
  {
    id: "C6",
    section,
    sentence: "A refused refresh never sets or clears a cookie",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      const { session } = await signIn(page, await makeAccount());
      const cookies = [...page.jar];
      await page.send("POST", "/jwt/logout", { json: { session_id: session.id } });
      for (const [name, value] of cookies) page.jar.set(name, value);
      const revoked = await page.send("POST", "/jwt/refresh");
      for (const [name] of cookies) page.jar.set(name, "nonsense");
      const invalid = await page.send("POST", "/jwt/refresh");
      expectSame([revoked.code, invalid.code], ["REFRESH_TOKEN_REVOKED", "REFRESH_TOKEN_INVALID"], "codes");
      expectSame([...revoked.setCookies, ...invalid.setCookies], [], "cookies");
    },
  },
  {
    id: "C7",
    section,
    sentence: "Cookies of other names are not looked at",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      await signIn(page, await makeAccount());
      const [[, value = ""] = []] = page.jar;
      page.jar.clear();
      for (const name of ["refresh_token", "refresh_token.1-other.AAAAAAAA", "session"]) page.jar.set(name, value);
      const answer = await page.send("POST", "/jwt/refresh");
      expectSame([answer.status, answer.code], [401, "REFRESH_TOKEN_MISSING"], "answer");
    },
  },
];
