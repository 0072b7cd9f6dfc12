import type { FoundField } from "./doctorFields.ts";
import type { Examination } from "./examineApi.ts";
import { fieldOf, isOneToken } from "./findRefresh.ts";
import { lifetimeOf, subjectClaim } from "./findFaults.ts";

/** The call of `createTokenBackend` for what was found. */
export function writeDescription(found: Examination): string {
  const { base, signIn, refresh, signOut, tokens, user } = found;
  const pathOf = (url: string): string => JSON.stringify(url.slice(base.replace(/\/+$/, "").length + 1));
  const [name, secret] = signIn.fields;
  const isHeld = refresh !== null && refresh.how.kind !== "cookie";
  const body = signIn.isForm ? "form" : "json";
  const field = (key: string, value: string): string => (key === value ? key : `${key}: ${value}`);
  const lines = [
    `baseUrl: ${JSON.stringify(base.replace(/\/+$/, ""))},`,
    `signIn: ({ username, password }) => ({ path: ${pathOf(signIn.url)}, ${body}: { ${field(name, "username")}, ${field(secret, "password")} } }),`,
  ];
  const call = (url: string, method: string, ...parts: string[]): string =>
    `({ ${[`path: ${pathOf(url)}`, ...(method === "POST" ? [] : [`method: "${method}"`]), ...parts].join(", ")} })`;
  if (refresh !== null) {
    const { how, url, method } = refresh;
    const sends =
      how.kind === "json"
        ? `(refreshToken) => ${call(url, method, `json: { ${field(how.name, "refreshToken")} }`)}`
        : how.kind === "bearer"
          ? `(token) => ${call(url, method, "headers: { Authorization: `Bearer ${token}` }")}`
          : `() => ${call(url, method, ...(method === "GET" ? [] : ["json: {}"]))}`;
    lines.push(`refresh: ${sends},`);
  }
  if (signOut !== null) {
    const { url, method } = signOut;
    lines.push(
      refresh?.how.kind === "json" && method === "POST"
        ? `signOut: ({ refreshToken }) => ${call(url, method, `json: { ${field(refresh.how.name, "refreshToken")} }`)},`
        : `signOut: () => ${call(url, method, ...(method === "POST" ? ["json: {}"] : []))},`,
    );
  }
  lines.push(`${tokensLine(found, isHeld)},`);
  const subject = subjectClaim(found);
  if (subject !== null) lines.push(`subject: ${JSON.stringify(subject)},`);
  if (user !== null) lines.push(`user: { path: ${pathOf(user.url)}${mapOf(user.id.path)} },`);
  else if (tokens.user !== null) lines.push('user: "signIn",');
  else if (found.claims !== null) lines.push('user: "claims",');
  if (isHeld) lines.push('refreshToken: "localStorage", // or "memory", "sessionStorage": see docs/other-backends.md');
  return ["createTokenBackend({", ...lines.map((line) => `  ${line}`), "})"].join("\n");
}

function tokensLine(found: Examination, isHeld: boolean): string {
  const { access, refresh, expiry, user } = found.tokens;
  const renewed = found.refresh?.tokens;
  const fields: string[] = [];
  if (access !== null) fields.push(`accessToken: ${anyOf(access, renewed?.access)}`);
  if (isHeld && found.refresh !== null) {
    const isOne = isOneToken(found.refresh, found.tokens);
    const [first, second] = isOne
      ? [access, renewed?.access]
      : [refresh ?? fieldOf(found.refresh.how), renewed?.refresh];
    if (first !== null) fields.push(`refreshToken: ${anyOf(first, second)}`);
  }
  // A token that tells its own lifetime needs no help.
  if (expiry !== null && lifetimeOf(found) === null)
    fields.push(expiryOf(expiry, access === null ? null : renewed?.expiry));
  if (user !== null) fields.push(`user: ${access === null ? "body?" : "body"}.${user.path}`);
  if (access !== null) return `tokens: (body) => ({ ${fields.join(", ")} })`;
  return fields.length === 0 ? 'tokens: "cookie"' : `tokens: { cookie: (body) => ({ ${fields.join(", ")} }) }`;
}

/** The field, or the one that the answer to a refresh has in its place. */
function anyOf({ path }: FoundField, other: FoundField | null | undefined): string {
  if (other == null || other.path === path) return `body.${path}`;
  const optional = (one: string): string => `body.${one.replaceAll(".", "?.")}`;
  return `${optional(path)} ?? ${optional(other.path)}`;
}

function expiryOf(expiry: FoundField, renewed: FoundField | null | undefined): string {
  // A cookie's answer may have no body.
  const read = renewed === null ? `body?.${expiry.path}` : anyOf(expiry, renewed);
  const { value } = expiry;
  if (typeof value === "string" && Number.isNaN(Number(value)))
    return /^\d+(\.\d+)?\s*(ms|[smhdw])$/i.test(value) ? `expiresIn: ${read}` : `expiresAt: ${read}`;
  const number = Number(value);
  if (number >= 1e9) return `expiresAt: ${read}`;
  // More than a week in seconds is a quarter of an hour in milliseconds.
  return number > 604_800 ? `expiresIn: \`\${${read}}ms\`` : `expiresIn: ${read}`;
}

function mapOf(idPath: string): string {
  const folders = idPath.split(".").slice(0, -1);
  if (folders.length > 0) return `, map: (body) => body.${folders.join(".")}`;
  return idPath === "email" ? ", map: (body) => ({ ...body, id: body.email })" : "";
}

/** The preset of `stay-signed-in/backends` that says the same, or null. */
export function presetFor({ signIn, tokens, refresh, user }: Examination): string | null {
  const access = tokens.access?.path;
  if (signIn.path.endsWith("auth-with-password")) return "pocketBase";
  if (signIn.path.endsWith("auth/local") && access === "jwt") return "strapi";
  if (access === "data.access_token" && tokens.expiry?.path === "data.expires") return "directus";
  if (access === "accessToken" && user?.url.endsWith("/manage/info") === true) return "aspNetIdentity";
  if (access !== "access") return null;
  if (tokens.user?.path === "user" && refresh?.url.includes("/token/refresh") === true) return "djRestAuth";
  return tokens.refresh?.path === "refresh" ? "simpleJwt" : null;
}
