/** What a sign-in by redirect begins with. `state` and `codeVerifier` are needed when the user comes back: keep them in `sessionStorage`. */
export interface AuthorizationRequest {
  /** Where to send the user: `location.assign(url)`. */
  readonly url: string;
  /** What the answer must name, so that nobody else's is taken for it. RFC 6749 §10.12. */
  readonly state: string;
  /** What proves to the server that the code is this page's. RFC 7636 §4.1. */
  readonly codeVerifier: string;
}

/** The first half of the authorization code grant with PKCE: RFC 6749 §4.1.1, RFC 7636 §4. */
export async function createAuthorizationRequest(options: {
  readonly authorizationEndpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
}): Promise<AuthorizationRequest> {
  const codeVerifier = toBase64url(crypto.getRandomValues(new Uint8Array(32)));
  const state = toBase64url(crypto.getRandomValues(new Uint8Array(16)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  const url = new URL(options.authorizationEndpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: options.clientId,
    redirect_uri: options.redirectUri,
    scope: options.scope,
    // OpenID Connect Core §11: without it a server may leave out the refresh token.
    prompt: "consent",
    state,
    code_challenge: toBase64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  }).toString();
  return { url: url.href, state, codeVerifier };
}

/** The code out of the address that the user came back to; throws when the answer belongs to another request. */
export function readCode(address: string, { state }: AuthorizationRequest): string {
  const { searchParams } = new URL(address);
  if (searchParams.get("state") !== state) throw new Error("This is not the answer to this page's own request.");
  const code = searchParams.get("code");
  if (code === null) throw new Error(`The server gave no code: ${searchParams.get("error") ?? "no reason"}.`);
  return code;
}

function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}
