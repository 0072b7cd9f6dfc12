import type { Examination } from "./examineApi.ts";
import type { DoctorWire, SetCookie } from "./doctorWire.ts";
import { isOneToken } from "./findRefresh.ts";

/** Something about an API that its people should know. */
export interface Finding {
  /** `problem`: somebody will be signed out, or signed in, who should not. `advice`: it works, and could be better. */
  readonly level: "problem" | "advice";
  readonly text: string;
}

/** What is wrong with how an API keeps sessions, and what to change at the server. */
export function findFaults(found: Examination, pageOrigin: string | null): Finding[] {
  const { refresh, signOut, claims, tokens, cookies, user } = found;
  const findings: Finding[] = [];
  const problem = (text: string): unknown => findings.push({ level: "problem", text });
  const advice = (text: string): unknown => findings.push({ level: "advice", text });

  if (refresh === null)
    advice(
      "No refresh was found: a session lasts as long as its access token. Add one, or name it in the description.",
    );
  if (refresh?.rotates === true && refresh.hasGrace === false) {
    const whole = refresh.endsOnReuse ? ", and showing it ends the whole session" : "";
    problem(
      `Refresh tokens rotate without a grace time: the old one is refused at once${whole}. A reload in the middle of a refresh, or an answer ` +
        "that is lost on the way, signs people out. Accept the one before for another 30 seconds or more.",
    );
  }
  if (refresh !== null && !refresh.rotates && refresh.how.kind !== "cookie")
    advice(
      "Refresh tokens do not rotate: one that is stolen works until it ends. Rotate them, with a grace time (RFC 9700 §4.14).",
    );
  const isHeld = refresh !== null && refresh.how.kind !== "cookie";
  const isOne = refresh !== null && isOneToken(refresh, tokens);
  if (isHeld && !isOne)
    advice("The refresh token is handed to scripts. An HttpOnly cookie would be out of their reach.");
  if (isOne)
    advice(
      "One token does for everything, and is renewed while it is good: who is away for longer than its life signs in again.",
    );
  if (signOut === null) advice("No sign-out was found: a copied token lives on until it ends.");
  else if (!signOut.ends) problem("After a sign-out the refresh token still works: end the session at the server.");
  const hasSubject = subjectClaim(found) !== null || user !== null || tokens.user !== null;
  if (claims !== null && claims.subject === null && !hasSubject)
    problem("Nothing names the subject: add the claim `sub`, or an endpoint that says who is signed in.");
  else if (claims !== null && claims.subject === null)
    advice("The access token has no claim `sub`: the description names what stands for it.");
  const lifetime = lifetimeOf(found);
  if (lifetime !== null && lifetime < 60)
    advice(`Access tokens live ${Math.round(lifetime)} s: each minute has several refreshes.`);
  if (lifetime === null && tokens.expiry === null)
    advice(
      "Nothing tells how long an access token lives: each is used until a request is refused with it. Send expires_in (RFC 6749 §5.1).",
    );
  if (lifetime !== null && lifetime > 86_400)
    advice(
      `Access tokens live ${Math.round(lifetime / 86_400)} days: a sign-out cannot take them back. 5 to 15 minutes are usual.`,
    );
  for (const cookie of cookies) for (const text of cookieFaults(cookie, found, pageOrigin)) problem(text);
  return findings;
}

/** The claim that stands for `sub`, of the spellings that are usual; null where there is `sub`, or nothing. */
export function subjectClaim({ claims }: Examination): string | null {
  if (claims === null || claims.subject !== null) return null;
  const names = ["user_id", "userId", "uid", "id"];
  return names.find((name) => ["string", "number"].includes(typeof claims.shown[name])) ?? null;
}

/** How long the access token lives, by its own claims, in seconds. */
export function lifetimeOf({ claims }: Examination): number | null {
  return claims?.expiresAt != null && claims.issuedAt !== null ? claims.expiresAt - claims.issuedAt : null;
}

const looksLikeToken = ({ name, value }: SetCookie): boolean =>
  /token|refresh|access|auth|jwt|session/i.test(name) || value.length > 40;

function cookieFaults(cookie: SetCookie, found: Examination, pageOrigin: string | null): string[] {
  const { name, attributes } = cookie;
  const url = new URL(found.signIn.url);
  const sameSite = attributes.get("samesite")?.toLowerCase() ?? "lax";
  const isSecure = attributes.has("secure");
  const path = attributes.get("path") ?? "/";
  const domain = attributes.get("domain")?.replace(/^\./, "");
  const faults: string[] = [];
  if (sameSite === "none" && !isSecure)
    faults.push(`a browser refuses the cookie ${name}: SameSite=None needs Secure.`);
  if (name.startsWith("__Host-") && (!isSecure || path !== "/" || domain !== undefined))
    faults.push(`a browser refuses the cookie ${name}: __Host- needs Secure, Path=/ and no Domain.`);
  if (name.startsWith("__Secure-") && !isSecure)
    faults.push(`a browser refuses the cookie ${name}: __Secure- needs Secure.`);
  if (domain !== undefined && url.hostname !== domain && !url.hostname.endsWith(`.${domain}`))
    faults.push(`a browser refuses the cookie ${name}: its Domain is not the server's.`);
  if (isSecure && url.protocol === "http:" && url.hostname !== "localhost")
    faults.push(`a browser refuses the cookie ${name}: Secure, and the address is plain http.`);
  if (pageOrigin !== null && isCrossSite(new URL(pageOrigin), url) && sameSite !== "none")
    faults.push(
      `the page's site is another one than the API's, and SameSite=${sameSite} keeps the cookie ${name} from it.`,
    );
  if (found.refresh?.how.kind === "cookie" && !new URL(found.refresh.url).pathname.startsWith(path.replace(/\/$/, "")))
    faults.push(`the cookie ${name} has Path=${path}, so it is not sent to the refresh.`);
  if (looksLikeToken(cookie) && !attributes.has("httponly"))
    faults.push(`scripts can read the cookie ${name}: add HttpOnly.`);
  if (looksLikeToken(cookie) && !isSecure && url.protocol === "https:")
    faults.push(`the cookie ${name} also travels over plain http: add Secure.`);
  return faults.map((fault) => fault.charAt(0).toUpperCase() + fault.slice(1));
}

/** By the last two labels: near enough for a warning. */
function isCrossSite(page: URL, api: URL): boolean {
  const site = ({ hostname }: URL): string =>
    /^[\d.:[\]]+$/.test(hostname) ? hostname : hostname.split(".").slice(-2).join(".");
  return page.protocol !== api.protocol || site(page) !== site(api);
}

/** A GET that a cookie goes along with is sent without asking first. */
function preflightOfRefresh({ refresh }: Examination): Array<{ url: string; method: string; header: string }> {
  if (refresh === null) return [];
  const { url, method, how } = refresh;
  if (how.kind === "bearer") return [{ url, method, header: "authorization" }];
  return method === "GET" ? [] : [{ url, method, header: "content-type" }];
}

/** What a browser on a page of another origin would miss in the answers to its preflights. */
export async function findCorsFaults(wire: DoctorWire, found: Examination, pageOrigin: string): Promise<Finding[]> {
  if (new URL(found.base).origin === pageOrigin) return [];
  const needsCookies = found.refresh?.how.kind === "cookie" || found.tokens.access === null;
  const findings: Finding[] = [];
  const asked = [
    { url: found.signIn.url, method: "POST", header: "content-type" },
    ...preflightOfRefresh(found),
    ...(found.user === null ? [] : [{ url: found.user.url, method: "GET", header: "authorization" }]),
  ];
  for (const { url, method, header } of asked) {
    const { headers, status } = await wire.send({
      method: "OPTIONS",
      url,
      cookies: false,
      headers: {
        Origin: pageOrigin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
      },
    });
    const origin = headers.get("Access-Control-Allow-Origin");
    const allowed = headers.get("Access-Control-Allow-Headers")?.toLowerCase() ?? "";
    const missing: string[] = [];
    if (status >= 300) missing.push(`204 for its preflight, which gets ${status}`);
    if (origin !== pageOrigin && (origin !== "*" || needsCookies))
      missing.push(
        `Access-Control-Allow-Origin: ${pageOrigin}${origin === "*" ? " (with cookies * will not do)" : ""}`,
      );
    if (needsCookies && headers.get("Access-Control-Allow-Credentials") !== "true")
      missing.push("Access-Control-Allow-Credentials: true");
    if (!allowed.split(/,\s*/).includes(header) && (allowed !== "*" || header === "authorization"))
      missing.push(`Access-Control-Allow-Headers: ${header}`);
    if (missing.length === 0) continue;
    const text = `A page at ${pageOrigin} cannot call ${method} ${new URL(url).pathname}. It needs ${missing.join(", ")}.`;
    findings.push({ level: "problem", text });
  }
  return findings;
}
