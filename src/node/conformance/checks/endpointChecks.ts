import { tokenOf } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat, NotOffered } from "../conformanceCheck.ts";
import { offered } from "../conformanceContext.ts";

const section = "Endpoints";

export const endpointChecks: readonly ConformanceCheck[] = [
  {
    id: "E1",
    section,
    sentence: "POST /register answers 201 with the user, and 400 REGISTER_USER_ALREADY_EXISTS the second time",
    async run({ openPage }) {
      const json = { email: `conformance-${crypto.randomUUID()}@example.org`, password: "correct horse battery" };
      const first = await openPage().send("POST", "/register", { json });
      expectSame(first.status, 201, "status");
      const user = first.body as Record<string, unknown>;
      expectSame(user.email, json.email, "email");
      expectThat(typeof user.id === "string", "The user has no id.");
      expectThat(!JSON.stringify(user).includes(json.password), "The answer repeats the password.");
      const second = await openPage().send("POST", "/register", { json });
      expectSame([second.status, second.code], [400, "REGISTER_USER_ALREADY_EXISTS"], "the second time");
    },
  },
  {
    id: "E2",
    section,
    sentence:
      "POST /register refuses a password under 8 characters or over 1,024 bytes: 400 {code: REGISTER_INVALID_PASSWORD, reason}",
    async run({ openPage }) {
      for (const password of ["1234567", "🔑🗝️🔒", "x".repeat(1025)]) {
        const email = `conformance-${crypto.randomUUID()}@example.org`;
        const answer = await openPage().send("POST", "/register", { json: { email, password } });
        expectSame([answer.status, answer.code], [400, "REGISTER_INVALID_PASSWORD"], `${password.length} bytes`);
        const { detail } = answer.body as { detail: { reason?: unknown } };
        expectThat(typeof detail.reason === "string", "There is no reason.");
      }
    },
  },
  {
    id: "E3",
    section,
    sentence: "POST /jwt/login answers 400 LOGIN_BAD_CREDENTIALS for a wrong password and for an unknown user alike",
    async run({ openPage, makeAccount }) {
      const account = await makeAccount();
      for (const form of [
        { ...account, password: "wrong password" },
        { ...account, username: "nobody@example.org" },
      ]) {
        const answer = await openPage().send("POST", "/jwt/login", { form });
        expectSame([answer.status, answer.code], [400, "LOGIN_BAD_CREDENTIALS"], form.password);
        expectSame(answer.setCookies, [], "cookies");
      }
    },
  },
  {
    id: "E4",
    section,
    sentence: "POST /jwt/login without its fields answers 422 with `detail`",
    async run({ openPage }) {
      const answer = await openPage().send("POST", "/jwt/login", { form: { username: "only@example.org" } });
      expectSame(answer.status, 422, "status");
      expectThat("detail" in (answer.body as object), "There is no detail.");
    },
  },
  {
    id: "E5",
    section,
    sentence:
      "A token answer has access_token, token_type bearer, expires_in, the session {id, number} and the subject",
    async run({ openPage, makeAccount, signIn }) {
      const body = await signIn(openPage(), await makeAccount());
      const { token_type, session, expires_in } = body as typeof body & { token_type: string };
      expectSame(token_type.toLowerCase(), "bearer", "token_type");
      expectThat(Number.isInteger(expires_in) && expires_in > 0, "expires_in is no positive whole number.");
      expectThat(typeof session?.id === "string", "session.id is missing.");
      expectThat(Number.isSafeInteger(session.number), "session.number is no whole number.");
    },
  },
  {
    id: "E6",
    section,
    sentence: "GET /users/me answers 200 with the user for a good bearer token, else 401",
    async run({ openPage, makeAccount, signIn, startStranger }) {
      const account = await makeAccount();
      const { access_token } = await signIn(openPage(), account);
      const me = await startStranger().send("GET", "/users/me", { bearer: access_token });
      expectSame(me.status, 200, "status");
      const user = me.body as Record<string, unknown>;
      expectSame(user.email, account.username, "email");
      expectThat(user.is_active === true && "is_superuser" in user && "is_verified" in user, "A field is missing.");
      for (const bearer of [undefined, "nonsense", "a.b.c"]) {
        const refused = await startStranger().send("GET", "/users/me", bearer === undefined ? {} : { bearer });
        expectSame(refused.status, 401, bearer ?? "without a token");
      }
    },
  },
  {
    id: "E7",
    section,
    sentence: "POST /guest (optional) starts a session of a guest, which refreshes like any other",
    async run({ openPage, startStranger }) {
      const page = openPage();
      const started = offered(await page.send("POST", "/guest"));
      if (started.code === "GUESTS_DISABLED") throw new NotOffered("guests are switched off");
      const { access_token, session } = tokenOf(started);
      const me = await startStranger().send("GET", "/users/me", { bearer: access_token });
      expectSame((me.body as Record<string, unknown>).is_guest, true, "is_guest");
      const refreshed = tokenOf(await page.send("POST", "/jwt/refresh"));
      expectSame(refreshed.session, session, "the session after a refresh");
    },
  },
  {
    id: "E8",
    section,
    sentence: "POST /guest answers 409 SESSION_EXISTS when the request carries a live session of a registered subject",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      await signIn(page, await makeAccount());
      const answer = offered(await page.send("POST", "/guest"));
      if (answer.code === "GUESTS_DISABLED") throw new NotOffered("guests are switched off");
      expectSame([answer.status, answer.code], [409, "SESSION_EXISTS"], "answer");
    },
  },
  {
    id: "E9",
    section,
    sentence: "POST /jwt/refresh answers 401 REFRESH_TOKEN_MISSING when there is none, _INVALID for nonsense",
    async run({ openPage, startProgram, refreshBody }) {
      const missing = await openPage().send("POST", "/jwt/refresh");
      expectSame([missing.status, missing.code], [401, "REFRESH_TOKEN_MISSING"], "without a cookie");
      const invalid = await refreshBody(startProgram(), "nonsense");
      expectSame([invalid.status, invalid.code], [401, "REFRESH_TOKEN_INVALID"], "with nonsense");
    },
  },
  {
    id: "E10",
    section,
    sentence: "POST /jwt/logout answers 204, also when there was no session",
    async run({ openPage, startStranger }) {
      expectSame((await openPage().send("POST", "/jwt/logout")).status, 204, "a page without a cookie");
      expectSame((await startStranger().send("POST", "/jwt/logout")).status, 204, "a program without anything");
    },
  },
  {
    id: "E11",
    section,
    sentence: "GET /.well-known/jwks.json (optional) shows public halves of asymmetric keys only",
    async run({ startStranger }) {
      const { body } = offered(await startStranger().send("GET", "/.well-known/jwks.json"));
      const { keys } = body as { keys: readonly Record<string, unknown>[] };
      expectThat(Array.isArray(keys), "There is no list of keys.");
      for (const key of keys) {
        expectThat(key.kty !== "oct" && !("d" in key) && !("k" in key), "A secret is shown.");
      }
    },
  },
  {
    id: "E12",
    section,
    sentence: "GET and DELETE /sessions (optional) show and end the subject's own sessions; a stranger's is 404",
    async run({ openPage, startProgram, makeAccount, signIn, refreshBody }) {
      const account = await makeAccount();
      const [page, program, foreign] = [openPage(), startProgram(), startProgram()];
      const here = await signIn(page, account);
      const there = await signIn(program, account);
      const stranger = await signIn(foreign, await makeAccount());
      const bearer = here.access_token;
      const listed = offered(await page.send("GET", "/sessions", { bearer }));
      const sessions = listed.body as readonly { id: string; current: boolean }[];
      expectSame(sessions.length, 2, "how many");
      expectSame(
        sessions.filter(({ current }) => current).map(({ id }) => id),
        [here.session.id],
        "the current one",
      );
      const refused = await page.send("DELETE", `/sessions/${stranger.session.id}`, { bearer });
      expectSame(refused.status, 404, "somebody else's");
      expectSame((await page.send("DELETE", "/sessions", { bearer })).status, 204, "all others");
      expectSame((await page.send("GET", "/users/me", { bearer })).status, 200, "the current one goes on");
      expectSame((await refreshBody(program, there.refresh_token)).status, 401, "the other one");
      expectSame((await refreshBody(foreign, stranger.refresh_token)).status, 200, "the stranger's");
    },
  },
];
