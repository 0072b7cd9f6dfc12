// Ten thousand renewals of one session, by a server in the page: what stays in memory afterwards.
import { auth, signIn } from "../peers/ours.js";

const encode = (value) => btoa(JSON.stringify(value)).replace(/=+$/, "");
const { fetch } = globalThis;
let count = 0;
globalThis.fetch = async (input, init) => {
  if (typeof input !== "string" || !input.includes("/jwt/refresh")) return fetch(input, init);
  count += 1;
  const issuedAt = Math.floor(Date.now() / 1_000);
  const claims = { sub: "subject", sid: "session", iat: issuedAt, exp: issuedAt + 900, jti: String(count) };
  const token = `${encode({ alg: "none" })}.${encode(claims)}.${"x".repeat(43)}`;
  return Response.json({ access_token: token, expires_in: 900, session: { id: "session", number: 2 } });
};

globalThis.begin = async () => {
  await signIn();
  await auth.refresh();
};
globalThis.renew = async (times) => {
  const before = count;
  for (let index = 0; index < times; index += 1) {
    advance(3_600_000);
    await auth.refresh();
    if (index % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return count - before;
};
