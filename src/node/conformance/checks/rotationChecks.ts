import { tokenOf } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat } from "../conformanceCheck.ts";

const section = "Refresh token";

export const rotationChecks: readonly ConformanceCheck[] = [
  {
    id: "R1",
    section,
    sentence: "A refresh rotates at once after the sign-in and keeps session and subject",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const second = tokenOf(await refreshBody(program, first.refresh_token));
      expectThat(second.refresh_token !== first.refresh_token, "The refresh token did not change.");
      expectSame(second.session, first.session, "session");
    },
  },
  {
    id: "R2",
    section,
    sentence: "Within the grace time, current and previous get a new access token and the current refresh token",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const second = tokenOf(await refreshBody(program, first.refresh_token));
      for (const { refresh_token } of [first, second, first]) {
        const again = tokenOf(await refreshBody(program, refresh_token));
        expectSame(again.refresh_token === second.refresh_token, true, "the current refresh token again");
      }
    },
  },
  {
    id: "R3",
    section,
    sentence: "Twenty uses of one token at once all get 200 and have one successor",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const all = Array.from({ length: 20 }, () => refreshBody(program, first.refresh_token));
      const tokens = (await Promise.all(all)).map((answer) => tokenOf(answer).refresh_token);
      expectSame(new Set(tokens).size, 1, "how many successors");
      expectThat(tokens[0] !== first.refresh_token, "It is no successor.");
    },
  },
  {
    id: "R4",
    section,
    sentence: "The current token rotates again after the grace time",
    async run({ startProgram, makeAccount, signIn, refreshBody, gracePassed }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const second = tokenOf(await refreshBody(program, first.refresh_token));
      await gracePassed();
      const third = tokenOf(await refreshBody(program, second.refresh_token));
      expectThat(third.refresh_token !== second.refresh_token, "It did not rotate.");
    },
  },
  {
    id: "R5",
    section,
    sentence: "The previous token after the grace time skips the number whose answer was lost; that number is dead",
    async run({ startProgram, makeAccount, signIn, refreshBody, gracePassed }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const lost = tokenOf(await refreshBody(program, first.refresh_token));
      await gracePassed();
      const third = tokenOf(await refreshBody(program, first.refresh_token));
      expectThat(third.refresh_token !== lost.refresh_token, "The lost token was handed out again.");
      const dead = await refreshBody(program, lost.refresh_token);
      expectSame([dead.status, dead.code], [401, "REFRESH_TOKEN_REUSED"], "the dead one");
      const after = await refreshBody(program, third.refresh_token);
      expectSame([after.status, after.code], [401, "REFRESH_TOKEN_REVOKED"], "the session after that");
    },
  },
  {
    id: "R6",
    section,
    sentence: "Any older token ends its session with 401 REFRESH_TOKEN_REUSED, and no other session of the subject",
    async run({ startProgram, makeAccount, signIn, refreshBody, gracePassed }) {
      const account = await makeAccount();
      const program = startProgram();
      const first = await signIn(program, account);
      const other = await signIn(startProgram(), account);
      const second = tokenOf(await refreshBody(program, first.refresh_token));
      await gracePassed();
      const third = tokenOf(await refreshBody(program, second.refresh_token));
      const reused = await refreshBody(program, first.refresh_token);
      expectSame([reused.status, reused.code], [401, "REFRESH_TOKEN_REUSED"], "the older one");
      expectSame((await refreshBody(program, third.refresh_token)).status, 401, "the newest one of that session");
      expectSame(
        (await program.send("GET", "/users/me", { bearer: third.access_token })).status,
        401,
        "its access token",
      );
      expectSame((await refreshBody(program, other.refresh_token)).status, 200, "the other session");
    },
  },
  {
    id: "R7",
    section,
    sentence:
      "A token that is malformed, forged or spelled differently is 401 REFRESH_TOKEN_INVALID and touches no session",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const { refresh_token: token = "" } = await signIn(program, await makeAccount());
      const middle = Math.floor(token.length / 2);
      const swap = (position: number) =>
        `${token.slice(0, position)}${token[position] === "A" ? "B" : "A"}${token.slice(position + 1)}`;
      for (const forged of [swap(token.length - 10), swap(middle), `${token}=`, `${token}.x`, token.slice(1), " "]) {
        const answer = await refreshBody(program, forged);
        expectSame([answer.status, answer.code], [401, "REFRESH_TOKEN_INVALID"], "a forged token");
      }
      expectSame((await refreshBody(program, token)).status, 200, "the session all the same");
    },
  },
  {
    id: "R8",
    section,
    sentence: "After a sign-out the token is 401 REFRESH_TOKEN_REVOKED at once, without any grace",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const first = await signIn(program, await makeAccount());
      const second = tokenOf(await refreshBody(program, first.refresh_token));
      await program.send("POST", "/jwt/logout", { json: { refresh_token: second.refresh_token } });
      for (const { refresh_token } of [first, second]) {
        const answer = await refreshBody(program, refresh_token);
        expectSame([answer.status, answer.code], [401, "REFRESH_TOKEN_REVOKED"], "answer");
      }
    },
  },
  {
    id: "R9",
    section,
    sentence: "A refresh token is at most 256 characters that need no escaping in a cookie, and no JWT",
    async run({ startProgram, makeAccount, signIn }) {
      const { refresh_token = "" } = await signIn(startProgram(), await makeAccount());
      expectThat(refresh_token.length > 0 && refresh_token.length <= 256, `It has ${refresh_token.length} characters.`);
      expectThat(/^[A-Za-z0-9._~-]+$/.test(refresh_token), "It has other characters.");
      expectThat(!refresh_token.startsWith("eyJ"), "It looks like a JWT.");
    },
  },
  {
    id: "R10",
    section,
    sentence: "An answer holds a refresh token in its body or a Set-Cookie, never both",
    async run({ openPage, startProgram, startStranger, makeAccount, refreshBody }) {
      const form = { ...(await makeAccount()) };
      const [page, program] = [openPage(), startProgram()];
      const inPage = await page.send("POST", "/jwt/login", { form });
      const inProgram = await program.send("POST", "/jwt/login", { form });
      const { refresh_token } = tokenOf(inProgram);
      const answers = [
        inPage,
        await page.send("POST", "/jwt/refresh"),
        inProgram,
        await refreshBody(program, refresh_token),
      ];
      const where = answers.map((answer) => [answer.setCookies.length > 0, "refresh_token" in tokenOf(answer)]);
      expectSame(
        where,
        [
          [true, false],
          [true, false],
          [false, true],
          [false, true],
        ],
        "[cookie, body]",
      );
      const alone = await startStranger().send("POST", "/jwt/login", { form });
      expectSame(
        [alone.setCookies.length > 0, "refresh_token" in tokenOf(alone)],
        [false, false],
        "with neither header",
      );
    },
  },
  {
    id: "R11",
    section,
    sentence: "A token of the one transport is refused by the other",
    async run({ openPage, startProgram, makeAccount, signIn, refreshBody }) {
      const account = await makeAccount();
      const [page, program] = [openPage(), startProgram()];
      await signIn(page, account);
      const { refresh_token = "" } = await signIn(program, account);
      const [[name = "", value = ""] = []] = page.jar;
      const inBody = await refreshBody(program, value);
      expectSame([inBody.status, inBody.code], [401, "REFRESH_TOKEN_INVALID"], "a cookie's token in a body");
      page.jar.set(name, refresh_token);
      expectSame((await page.send("POST", "/jwt/refresh")).status, 401, "a body's token in a cookie");
    },
  },
];
