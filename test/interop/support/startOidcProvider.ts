import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface OidcProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly pageOrigin: string;
  /** What a page learns of it. */
  readonly endpoints: { authorization: string; token: string; revocation: string; userinfo: string };
  /** How each token request was answered, in order: the grant, then `ok` or the error's code. */
  readonly answered: string[];
  /** Whether a proxy in front answers 503 with a page instead. */
  setDown(isDown: boolean): void;
  close(): Promise<void>;
}

/** The real oidc-provider with its own sign-in and consent pages, one public client, and everything in memory. */
export async function startOidcProvider(): Promise<OidcProvider> {
  let isDown = false;
  let answer: ReturnType<Provider["callback"]> | undefined;
  const server = createServer((request, response) => {
    if (!isDown && answer !== undefined) void answer(request, response);
    else response.writeHead(503, { "content-type": "text/html" }).end("<p>Back soon</p>");
  });
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const [clientId, pageOrigin] = ["the-page", "http://localhost:5173"];
  const redirectUri = `${pageOrigin}/signed-in`;

  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: "none",
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [redirectUri],
      },
    ],
    scopes: ["openid", "offline_access", "email"],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: true,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }),
    }),
    // Off by default: a page of another origin gets no token.
    clientBasedCORS: (_, origin) => origin === pageOrigin,
    features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
    rotateRefreshToken: true,
    cookies: { keys: ["a key of the interop tests"] },
    ttl: { AccessToken: 300, RefreshToken: 86_400, Grant: 86_400, Session: 86_400, Interaction: 600, IdToken: 300 },
  });
  const answered: string[] = [];
  provider.on("grant.success", ({ oidc }) => void answered.push(`${String(oidc.params?.["grant_type"])}: ok`));
  provider.on("grant.error", ({ oidc }, { error }) => {
    answered.push(`${String(oidc.params?.["grant_type"])}: ${error}`);
  });
  answer = provider.callback();

  const discovered = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<
    string,
    string
  >;
  const endpoint = (name: string): string => {
    const address = discovered[`${name}_endpoint`];
    if (address === undefined) throw new Error(`The server has no ${name} endpoint.`);
    return address;
  };
  return {
    issuer,
    clientId,
    redirectUri,
    pageOrigin,
    endpoints: {
      authorization: endpoint("authorization"),
      token: endpoint("token"),
      revocation: endpoint("revocation"),
      userinfo: endpoint("userinfo"),
    },
    answered,
    setDown: (value) => void (isDown = value),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
