import { type ConformanceCheck, expectSame, expectThat } from "../conformanceCheck.ts";

const section = "Access token";

export const accessTokenChecks: readonly ConformanceCheck[] = [
  {
    id: "A1",
    section,
    sentence: "It is a JWT of type at+jwt with sub, sid, aud, iat, exp and jti, and exp - iat is expires_in",
    async run({ openPage, makeAccount, signIn }) {
      const { access_token, session, expires_in } = await signIn(openPage(), await makeAccount());
      const [header, claims] = partsOf(access_token);
      expectSame(header.typ, "at+jwt", "typ");
      expectThat(typeof header.alg === "string" && header.alg.toLowerCase() !== "none", "alg is none.");
      for (const name of ["sub", "sid", "aud", "iat", "exp", "jti"]) expectThat(name in claims, `${name} is missing.`);
      expectSame(claims.sid, session.id, "sid");
      expectSame(Number(claims.exp) - Number(claims.iat), expires_in, "exp - iat");
    },
  },
  {
    id: "A2",
    section,
    sentence: "A changed claim, a foreign signature and `alg: none` are refused",
    async run({ openPage, startStranger, makeAccount, signIn }) {
      const { access_token } = await signIn(openPage(), await makeAccount());
      const [head = "", content = "", signature = ""] = access_token.split(".");
      const [header, claims] = partsOf(access_token);
      const forged = [
        `${head}.${encode({ ...claims, sub: crypto.randomUUID() })}.${signature}`,
        `${head}.${content}.${"A".repeat(signature.length)}`,
        `${encode({ ...header, alg: "none" })}.${content}.`,
        `${encode({ ...header, alg: "None" })}.${content}.${signature}`,
      ];
      for (const bearer of forged) {
        expectSame((await startStranger().send("GET", "/users/me", { bearer })).status, 401, "a forged token");
      }
    },
  },
  {
    id: "A3",
    section,
    sentence: "No refresh token passes for an access token, and no access token for a refresh token",
    async run({ startProgram, makeAccount, signIn, refreshBody }) {
      const program = startProgram();
      const { access_token, refresh_token = "" } = await signIn(program, await makeAccount());
      expectSame(
        (await program.send("GET", "/users/me", { bearer: refresh_token })).status,
        401,
        "the one as the other",
      );
      const answer = await refreshBody(program, access_token);
      expectSame([answer.status, answer.code], [401, "REFRESH_TOKEN_INVALID"], "the other as the one");
      expectSame((await refreshBody(program, refresh_token)).status, 200, "the session all the same");
    },
  },
  {
    id: "A4",
    section,
    sentence: "The access token of an ended session is refused at once by the endpoints under the prefix",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      const { access_token: bearer } = await signIn(page, await makeAccount());
      expectSame((await page.send("GET", "/users/me", { bearer })).status, 200, "before the sign-out");
      await page.send("POST", "/jwt/logout");
      expectSame((await page.send("GET", "/users/me", { bearer })).status, 401, "after the sign-out");
    },
  },
  {
    id: "A5",
    section,
    sentence: "Two access tokens of one session differ in their jti",
    async run({ openPage, makeAccount, signIn }) {
      const page = openPage();
      const first = await signIn(page, await makeAccount());
      const second = (await page.send("POST", "/jwt/refresh")).body as { access_token: string };
      const [jtis, sids] = ["jti", "sid"].map((name) =>
        [first, second].map(({ access_token }) => partsOf(access_token)[1][name]),
      );
      expectThat(jtis?.[0] !== jtis?.[1], "The jti is the same.");
      expectThat(sids?.[0] === sids?.[1], "The sid is not the same.");
    },
  },
];

type Fields = Record<string, unknown>;

function partsOf(token: string): [header: Fields, claims: Fields] {
  const [header = "", claims = ""] = token.split(".");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Fields;
  return [decode(header), decode(claims)];
}

function encode(fields: Fields): string {
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}
