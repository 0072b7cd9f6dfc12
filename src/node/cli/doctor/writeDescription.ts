import type { Examination } from "./examineApi.ts";
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
  if (refresh !== null) {
    const { how, url } = refresh;
    const sends =
      how.kind === "json"
        ? `(refreshToken) => ({ path: ${pathOf(url)}, json: { ${field(how.name, "refreshToken")} } })`
        : how.kind === "bearer"
          ? `(token) => ({ path: ${pathOf(url)}, headers: { Authorization: \`Bearer \${token}\` } })`
          : `() => ({ path: ${pathOf(url)}, json: {} })`;
    lines.push(`refresh: ${sends},`);
  }
  if (signOut !== null)
    lines.push(
      refresh?.how.kind === "json"
        ? `signOut: ({ refreshToken }) => ({ path: ${pathOf(signOut.url)}, json: { ${field(refresh.how.name, "refreshToken")} } }),`
        : `signOut: () => ({ path: ${pathOf(signOut.url)}, json: {} }),`,
    );
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
  if (access === null) return 'tokens: "cookie"';
  const fields = [`accessToken: body.${access.path}`];
  if (isHeld) fields.push(`refreshToken: body.${(found.refresh?.how.kind === "bearer" ? access : refresh)?.path}`);
  // A token that tells its own lifetime needs no help.
  if (expiry !== null && lifetimeOf(found) === null) fields.push(expiryOf(expiry));
  if (user !== null) fields.push(`user: body.${user.path}`);
  return `tokens: (body) => ({ ${fields.join(", ")} })`;
}

function expiryOf({ path, value }: { readonly path: string; readonly value: unknown }): string {
  if (typeof value === "string" && Number.isNaN(Number(value))) return `expiresAt: body.${path}`;
  const number = Number(value);
  if (number >= 1e9) return `expiresAt: body.${path}`;
  // More than a week in seconds is a quarter of an hour in milliseconds.
  return number > 604_800 ? `expiresIn: \`\${body.${path}}ms\`` : `expiresIn: body.${path}`;
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
