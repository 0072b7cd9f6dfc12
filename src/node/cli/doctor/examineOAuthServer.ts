import { createDoctorWire, type DoctorWire, isSuccess, type ProbeAnswer } from "./doctorWire.ts";
import type { Finding } from "./findFaults.ts";

/** What an OAuth 2.0 or OpenID Connect server says of itself. RFC 8414 §2, OpenID Connect Discovery §3. */
export interface OAuthServer {
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string | null;
  readonly userinfoEndpoint: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface Given {
  readonly base: string;
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
}

/** Looks for the metadata of an authorization server at an address; null: it is none. RFC 8414 §3. */
export async function findOAuthServer({ base, fetch, signal }: Given): Promise<OAuthServer | null> {
  const wire = createDoctorWire({ fetch, signal });
  const { origin, pathname } = new URL(base);
  const path = pathname.replace(/\/+$/, "");
  const places = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
  for (const url of places) {
    const answer = await wire.send({ method: "GET", url });
    const metadata = isSuccess(answer) ? (answer.body as Record<string, unknown> | null | undefined) : null;
    const endpoint = (name: string): string | null => {
      const address = metadata?.[`${name}_endpoint`];
      return typeof address === "string" && URL.canParse(address) ? address : null;
    };
    const tokenEndpoint = endpoint("token");
    if (metadata == null || tokenEndpoint === null) continue;
    return {
      authorizationEndpoint: endpoint("authorization"),
      tokenEndpoint,
      revocationEndpoint: endpoint("revocation"),
      userinfoEndpoint: endpoint("userinfo"),
      metadata,
    };
  }
  return null;
}

/** What keeps a page from being a client of this server. */
export async function findOAuthFaults(
  server: OAuthServer,
  {
    clientId,
    pageOrigin,
    ...given
  }: Omit<Given, "base"> & { readonly clientId: string | undefined; readonly pageOrigin: string | null },
): Promise<Finding[]> {
  const findings = findMetadataFaults(server);
  if (clientId === undefined) {
    findings.push({
      level: "advice",
      text: "With --client-id it is tried whether the token endpoint takes that client without a secret, and with --origin, whether a page may call it.",
    });
    return findings;
  }
  const answer = await askForToken(createDoctorWire(given), server, clientId, pageOrigin);
  const error = (answer.body as { error?: unknown } | undefined)?.error;
  if (error === "invalid_client" || error === "unauthorized_client")
    findings.push({
      level: "problem",
      text: `The token endpoint answers ${error}: register ${clientId} as a public client (token_endpoint_auth_method none) with the grants authorization_code and refresh_token. A page cannot keep a secret.`,
    });
  const allowed = answer.headers.get("Access-Control-Allow-Origin");
  if (
    pageOrigin !== null &&
    new URL(server.tokenEndpoint).origin !== pageOrigin &&
    !["*", pageOrigin].includes(allowed ?? "")
  )
    findings.push({
      level: "problem",
      text: `A page at ${pageOrigin} cannot call POST ${new URL(server.tokenEndpoint).pathname}. It needs Access-Control-Allow-Origin: ${pageOrigin}.`,
    });
  return findings;
}

function findMetadataFaults({ metadata, revocationEndpoint }: OAuthServer): Finding[] {
  const findings: Finding[] = [];
  const lacks = (name: string, value: string): boolean => {
    const listed = metadata[name];
    return Array.isArray(listed) && !listed.includes(value);
  };
  if (!Array.isArray(metadata["code_challenge_methods_supported"]) || lacks("code_challenge_methods_supported", "S256"))
    findings.push({
      level: "problem",
      text: "The server does not say that it knows PKCE with S256, which ties a code to the page that asked for it: turn it on (RFC 7636, RFC 9700 §2.1.1).",
    });
  if (lacks("token_endpoint_auth_methods_supported", "none"))
    findings.push({
      level: "problem",
      text: "The server takes no clients without a secret, and a page cannot keep one: let it take token_endpoint_auth_method none.",
    });
  if (lacks("grant_types_supported", "refresh_token"))
    findings.push({
      level: "problem",
      text: "The server gives no refresh tokens: a session lasts as long as its access token.",
    });
  if (lacks("scopes_supported", "offline_access") && !lacks("grant_types_supported", "refresh_token"))
    findings.push({
      level: "advice",
      text: "There is no scope offline_access: see which scope, or which setting of the client, this server gives refresh tokens for.",
    });
  if (revocationEndpoint === null)
    findings.push({ level: "advice", text: "There is no revocation: a sign-out counts in the page alone (RFC 7009)." });
  return findings;
}

/** With a refresh token that nobody has: what is asked is who may ask. */
function askForToken(
  wire: DoctorWire,
  { tokenEndpoint }: OAuthServer,
  clientId: string,
  pageOrigin: string | null,
): Promise<ProbeAnswer> {
  const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: "none" };
  const headers: Record<string, string> = pageOrigin === null ? {} : { Origin: pageOrigin };
  return wire.send({ method: "POST", url: tokenEndpoint, form, headers });
}

/** The call of the preset `oauth2` for what was found. */
export function writeOAuthDescription(
  { tokenEndpoint, revocationEndpoint, userinfoEndpoint }: OAuthServer,
  {
    clientId = "YOUR-CLIENT",
    pageOrigin,
  }: { readonly clientId: string | undefined; readonly pageOrigin: string | null },
): string {
  const endpoints = [
    ["token", tokenEndpoint],
    ["revocation", revocationEndpoint],
    ["userinfo", userinfoEndpoint],
  ].filter(([, address]) => address !== null);
  return [
    "oauth2({",
    `  clientId: ${JSON.stringify(clientId)},`,
    `  redirectUri: ${JSON.stringify(`${pageOrigin ?? "https://app.example"}/signed-in`)},`,
    "  endpoints: {",
    ...endpoints.map(([name, address]) => `    ${name}: ${JSON.stringify(address)},`),
    "  },",
    '  refreshToken: "sessionStorage", // or "memory", "localStorage": see docs/other-backends.md',
    "})",
  ].join("\n");
}

/** The report, line by line. */
export function describeOAuthServer(server: OAuthServer): string[] {
  const pathOf = (address: string | null): string => (address === null ? "none" : new URL(address).pathname);
  return [
    ["it is", "an OAuth 2.0 server: people sign in on its own page"],
    ["sign-in", pathOf(server.authorizationEndpoint)],
    ["tokens", `POST ${pathOf(server.tokenEndpoint)}`],
    ["sign-out", pathOf(server.revocationEndpoint)],
    ["who am I", pathOf(server.userinfoEndpoint)],
  ].map(([name = "", fact = ""]) => `${name.padEnd(14)} ${fact}`);
}
