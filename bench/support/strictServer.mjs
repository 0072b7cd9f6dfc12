// An authorization server as strict as they come: whoever presents a refresh token a second time, for whatever reason, has the
// session revoked. It speaks what each of the peers speaks, has one session, and counts.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import { join } from "node:path";
import { folder } from "./bundle.mjs";

const subject = "0198f1c2-0000-7000-8000-000000000001";
const sessionIdOf = (number) => `0198f1c2-0000-7000-8000-${String(number).padStart(12, "0")}`;
const user = {
  id: subject,
  aud: "authenticated",
  role: "authenticated",
  email: "ada@example.org",
  app_metadata: {},
  user_metadata: {},
};

/** A certificate for this machine, made when it is first needed. */
function certificate() {
  const place = join(folder, ".tmp");
  const [key, cert] = [join(place, "key.pem"), join(place, "cert.pem")];
  if (!existsSync(cert)) {
    mkdirSync(place, { recursive: true });
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"].concat([
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        "/CN=localhost",
      ]),
      { stdio: "ignore" },
    );
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * @param protocol `h1` or `h2`
 * @param refreshMs how long the answer to a refresh takes
 * @param graceMs for so long after its use a refresh token is good for the same successor once more: not strict at all
 */
export async function startStrictServer(
  script,
  { protocol = "h2", refreshMs = 200, lifetimeSeconds = 900, graceMs = 0 } = {},
) {
  let shiftMs = 0;
  let killed = new Set();
  let isRevoked = false;
  let isSignedOut = false;
  /** Answers to refreshes that are held back. */
  let held = null;
  const now = () => Date.now() + shiftMs;
  const accessTokens = new Map();
  const refreshTokens = new Map();
  // A sign-in begins a session of its own: one that has ended is nobody's again.
  let sessionNumber = 1;
  const counts = { refreshes: 0, alarms: 0, sends: 0, refused: 0, authCalls: 0 };

  function issue() {
    const seconds = Math.floor(now() / 1000);
    const claims = {
      sub: subject,
      sid: sessionIdOf(sessionNumber),
      aud: "bench",
      iat: seconds,
      exp: seconds + lifetimeSeconds,
      jti: randomBytes(8).toString("hex"),
      session_id: sessionIdOf(sessionNumber),
      role: "authenticated",
    };
    const access = `${encode({ alg: "HS256", typ: "at+jwt" })}.${encode(claims)}.${randomBytes(32).toString("base64url")}`;
    const refresh = randomBytes(24).toString("base64url");
    accessTokens.set(access, claims.exp * 1000);
    refreshTokens.set(refresh, null);
    return {
      access_token: access,
      token_type: "bearer",
      expires_in: lifetimeSeconds,
      expires_at: claims.exp,
      refresh_token: refresh,
      session: { id: sessionIdOf(sessionNumber), number: sessionNumber },
      user,
    };
  }

  /** The next tokens, or the reason why there are none. */
  function rotate(token) {
    counts.refreshes += 1;
    if (token === undefined) return { code: "REFRESH_TOKEN_MISSING" };
    if (isRevoked) return { code: "REFRESH_TOKEN_REVOKED" };
    const use = refreshTokens.get(token);
    if (use === undefined) return { code: "REFRESH_TOKEN_INVALID" };
    if (use !== null && performance.now() - use.at < graceMs) return { answer: use.answer };
    if (use !== null) {
      counts.alarms += 1;
      isRevoked = true;
      return { code: "REFRESH_TOKEN_REUSED" };
    }
    const next = issue();
    refreshTokens.set(token, { at: performance.now(), answer: next });
    return { answer: next };
  }

  function betterSession() {
    const updatedAt = new Date(now()).toISOString();
    const expiresAt = new Date(now() + lifetimeSeconds * 1000).toISOString();
    const session = {
      id: sessionIdOf(sessionNumber),
      userId: subject,
      token: "kept",
      createdAt: updatedAt,
      updatedAt,
      expiresAt,
    };
    return { session, user: { id: subject, name: "Ada", email: user.email, emailVerified: true } };
  }

  function answer(response, status, body, headers = {}) {
    if (response.destroyed || response.stream?.destroyed) return;
    const text = body === null && status === 204 ? "" : typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
    response.end(text);
  }

  const cookie = (value, maxAge) =>
    `refresh_token=${value}; Path=/v1/auth; HttpOnly; Secure; SameSite=Strict; Max-Age=${maxAge}`;
  /** The answer for a client whose refresh token is in a cookie: then it is nowhere else. */
  const inCookie = ({ refresh_token: token, access_token, token_type, expires_in, session }) => [
    { access_token, token_type, expires_in, session },
    { "set-cookie": cookie(token, 604800) },
  ];

  function refresh(response, token, { isCookie = false, isOAuth = false } = {}) {
    const { code, answer: tokens } = rotate(token);
    const reply = () => {
      if (code !== undefined) {
        const body = isOAuth
          ? { error: "invalid_grant", error_description: code, code: 400, msg: code }
          : { detail: code };
        answer(response, isOAuth ? 400 : 401, body);
      } else if (isCookie) answer(response, 200, ...inCookie(tokens));
      else answer(response, 200, tokens);
    };
    setTimeout(() => (held === null ? reply() : held.push(reply)), refreshMs);
  }

  const readBody = async (request) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    return text;
  };

  async function handle(request, response) {
    const url = new URL(request.url, "https://localhost");
    const path = url.pathname;
    if (path === "/")
      return answer(
        response,
        200,
        `<!doctype html><link rel="icon" href="data:,"><body><script src="/page.js"></script>`,
        { "content-type": "text/html" },
      );
    if (path === "/page.js") return answer(response, 200, script, { "content-type": "text/javascript" });
    if (path === "/api/thing") {
      counts.sends += 1;
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      const isGood = accessTokens.get(token) > now() && !killed.has(token);
      if (!isGood) counts.refused += 1;
      const reply = () => answer(response, isGood ? 200 : 401, isGood ? { subject } : { detail: "Unauthorized" });
      const delayMs = Number(url.searchParams.get("delay") ?? 0);
      return delayMs > 0 ? void setTimeout(reply, delayMs) : reply();
    }
    counts.authCalls += 1;
    const body = request.method === "POST" ? await readBody(request) : "";
    switch (path) {
      case "/v1/auth/jwt/login":
        sessionNumber += 1;
        return answer(response, 200, ...inCookie(issue()));
      case "/v1/auth/jwt/refresh":
        return refresh(response, /refresh_token=([^;]+)/.exec(request.headers.cookie ?? "")?.[1], { isCookie: true });
      case "/v1/auth/jwt/logout":
        return answer(response, 204, null, { "set-cookie": cookie("", 0) });
      case "/v1/auth/users/me":
        return answer(response, 200, { id: subject, email: user.email });
      case "/session":
        return answer(response, 200, issue());
      case "/refresh":
        return refresh(response, JSON.parse(body).refresh_token);
      case "/oidc/token":
        return refresh(response, new URLSearchParams(body).get("refresh_token") ?? undefined, { isOAuth: true });
      case "/supabase/token":
        return refresh(response, JSON.parse(body).refresh_token, { isOAuth: true });
      case "/supabase/user":
        return answer(response, 200, user);
      case "/supabase/logout":
        return answer(response, 204, null);
      // Sessions in a cookie, renewed whenever they are asked for.
      case "/api/auth/session":
        return answer(
          response,
          200,
          isSignedOut
            ? {}
            : {
                user: { name: "Ada" },
                expires: new Date(now() + lifetimeSeconds * 1000).toISOString(),
                accessToken: issue().access_token,
              },
        );
      case "/api/auth/csrf":
        return answer(response, 200, { csrfToken: "token" });
      case "/api/auth/signout":
        isSignedOut = true;
        return answer(response, 200, { url: `https://${request.headers[":authority"] ?? request.headers.host}/` });
      case "/api/auth/get-session":
        return answer(response, 200, isSignedOut ? null : betterSession());
      case "/api/auth/sign-out":
        isSignedOut = true;
        return answer(response, 200, { success: true });
      default:
        return answer(response, 404, { detail: "Not Found" });
    }
  }

  const listener = (request, response) => void handle(request, response).catch(() => response.destroy());
  const server =
    protocol === "h2"
      ? createSecureServer(certificate(), listener)
      : createServer({ ...certificate(), keepAlive: true }, listener);
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    origin: `https://localhost:${server.address().port}`,
    counts,
    isRevoked: () => isRevoked,
    resetCounts() {
      for (const name of Object.keys(counts)) counts[name] = 0;
    },
    /** Forgets the session and whatever was done to it: the next sign-in begins anew. */
    forget() {
      isRevoked = false;
      killed = new Set();
      accessTokens.clear();
      refreshTokens.clear();
    },
    /** Lets time pass here; the pages have a clock of their own. */
    advance(ms) {
      shiftMs += ms;
    },
    /** Holds back the answers to refreshes until what is returned is called. */
    holdRefreshes() {
      held = [];
      return () => {
        const replies = held;
        held = null;
        for (const reply of replies) reply();
      };
    },
    /** No access token that was handed out so far is taken any more, and nobody is told. */
    killTokens() {
      killed = new Set(accessTokens.keys());
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
