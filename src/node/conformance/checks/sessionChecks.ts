import { tokenOf } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat, NotOffered } from "../conformanceCheck.ts";
import { offered } from "../conformanceContext.ts";

const section = "Ending sessions";

export const sessionChecks: readonly ConformanceCheck[] = [
  {
    id: "S1",
    section,
    sentence: "Every sign-in makes a new session with a greater number, whatever is presented with it",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const page = openPage();
      const sessions = [
        await signIn(page, account),
        await signIn(page, account),
        await signIn(openPage(), account),
      ].map(({ session }) => session);
      expectSame(new Set(sessions.map(({ id }) => id)).size, 3, "how many ids");
      const [first, second, third] = sessions.map(({ number }) => number) as [number, number, number];
      expectThat(first < second && second < third, `The numbers are ${first}, ${second}, ${third}.`);
    },
  },
  {
    id: "S2",
    section,
    sentence: "What a sign-in replaces goes on until the new session is first presented, then it has ended",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const [page, lostAnswer] = [openPage(), openPage()];
      const first = await signIn(page, account);
      for (const [name, value] of page.jar) lostAnswer.jar.set(name, value);
      const second = await signIn(page, account);
      expectSame(tokenOf(await lostAnswer.send("POST", "/jwt/refresh")).session, first.session, "before");
      expectSame(tokenOf(await page.send("POST", "/jwt/refresh")).session, second.session, "the new one");
      const after = await lostAnswer.send("POST", "/jwt/refresh");
      expectSame([after.status, after.code], [401, "REFRESH_TOKEN_REVOKED"], "after");
    },
  },
  {
    id: "S3",
    section,
    sentence: "The sign-out of a session that was never presented also ends what it replaced",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const page = openPage();
      await signIn(page, account);
      const { session } = await signIn(page, account);
      await page.send("POST", "/jwt/logout", { json: { session_id: session.id } });
      expectSame((await page.send("POST", "/jwt/refresh")).status, 401, "a refresh after that");
    },
  },
  {
    id: "S4",
    section,
    sentence: "A sign-out ends the session that it names; a cookie of another session stays, and so does that session",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const page = openPage();
      const first = await signIn(page, account);
      const second = await signIn(page, account);
      expectSame(
        (await page.send("POST", "/jwt/logout", { json: { session_id: first.session.id } })).status,
        204,
        "status",
      );
      expectSame((await page.send("GET", "/users/me", { bearer: first.access_token })).status, 401, "the named one");
      expectSame(tokenOf(await page.send("POST", "/jwt/refresh")).session, second.session, "the other one");
    },
  },
  {
    id: "S5",
    section,
    sentence: "A sign-out takes the bearer token as proof; without any proof the named session stays",
    async run({ openPage, startStranger, makeAccount, signIn }) {
      const { access_token: bearer, session } = await signIn(openPage(), await makeAccount());
      const json = { session_id: session.id };
      expectSame((await startStranger().send("POST", "/jwt/logout", { json })).status, 204, "without proof");
      expectSame((await startStranger().send("GET", "/users/me", { bearer })).status, 200, "the session then");
      expectSame((await startStranger().send("POST", "/jwt/logout", { json, bearer })).status, 204, "with the bearer");
      expectSame((await startStranger().send("GET", "/users/me", { bearer })).status, 401, "the session after that");
    },
  },
  {
    id: "S6",
    section,
    sentence: "PATCH /users/me without the current password is 403, with a wrong one 400, and changes nothing",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      const { access_token: bearer } = await signIn(page, await makeAccount());
      const json = { password: "another password", current_password: "wrong password" };
      const answer = offered(await page.send("PATCH", "/users/me", { bearer, json }));
      expectSame([answer.status, answer.code], [400, "CURRENT_PASSWORD_INVALID"], "answer");
      const without = await page.send("PATCH", "/users/me", { bearer, json: { password: "another password" } });
      expectSame([without.status, without.code], [403, "REAUTHENTICATION_REQUIRED"], "without the current one");
      expectSame((await page.send("POST", "/jwt/refresh")).status, 200, "the session");
    },
  },
  {
    id: "S7",
    section,
    sentence: "A changed password answers with a new session and ends every other one of the subject",
    async run({ openPage, startProgram, makeAccount, signIn, refreshBody }) {
      const account = await makeAccount();
      const [page, program] = [openPage(), startProgram()];
      const elsewhere = await signIn(program, account);
      const first = await signIn(page, account);
      const json = { password: "another password", current_password: account.password };
      const changed = offered(await page.send("PATCH", "/users/me", { bearer: first.access_token, json }));
      expectSame(changed.status, 200, "status");
      expectSame((changed.body as Record<string, unknown>).email, account.username, "the user in the answer");
      expectSame(
        (await page.send("GET", "/users/me", { bearer: first.access_token })).status,
        401,
        "the former session",
      );
      expectSame((await refreshBody(program, elsewhere.refresh_token)).status, 401, "another device");
      const { session } = tokenOf(await page.send("POST", "/jwt/refresh"));
      expectThat(session.number > first.session.number, "The new session's number is not greater.");
      const old = await page.send("POST", "/jwt/login", { form: { ...account } });
      expectSame(old.code, "LOGIN_BAD_CREDENTIALS", "the former password");
    },
  },
  {
    id: "S8",
    section,
    sentence:
      "A sign-out that names no session ends them all, and says in Session-Ended (optional) which was the latest",
    async run({ openPage, makeAccount, signIn }) {
      const account = await makeAccount();
      const [page, other] = [openPage(), openPage()];
      const earlier = await signIn(page, account);
      const latest = await signIn(other, account);
      for (const [name, value] of other.jar) page.jar.set(name, value);
      const said = (await page.send("POST", "/jwt/logout")).headers.get("Session-Ended");
      expectSame((await other.send("POST", "/jwt/refresh")).status, 401, "a refresh after that");
      for (const { access_token: bearer } of [earlier, latest])
        expectSame((await page.send("GET", "/users/me", { bearer })).status, 401, "an access token after that");
      if (said === null) throw new NotOffered("no such header");
      expectSame(said, `${latest.session.number} ${latest.session.id}`, "Session-Ended");
    },
  },
];
