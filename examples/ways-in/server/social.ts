import { Hono } from "hono";
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  discovery,
  fetchUserInfo,
  None,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import type { AuthServer, AuthServerEnvironment } from "stay-signed-in/server";
import { createBrowserMemory } from "./browserMemory.ts";
import { findOrAddByEmail } from "./findOrAddByEmail.ts";

export interface ProviderOptions {
  /** `https://accounts.example`, where `/.well-known/openid-configuration` is. */
  readonly issuer: string;
  readonly clientId: string;
}

/** "Continue with …" (OpenID Connect), by `openid-client`: the authorization code flow with PKCE and `state`. */
export function socialRoutes(
  auth: AuthServer,
  publicUrl: string,
  { issuer, clientId }: ProviderOptions,
): Hono<{ Bindings: AuthServerEnvironment }> {
  const redirectUri = new URL("/sign-in/social/callback", publicUrl);
  const journeys = createBrowserMemory<{ verifier: string; state: string }>("social", publicUrl.startsWith("https:"));
  // A table in your app: whose account a provider's subject is. Never the e-mail address, which people give up and others take.
  const links = new Map<string, string>();
  const app = new Hono<{ Bindings: AuthServerEnvironment }>();

  function configure(): Promise<Configuration> {
    const isLocal = new URL(issuer).hostname === "localhost";
    return discovery(new URL(issuer), clientId, undefined, None(), { execute: isLocal ? [allowInsecureRequests] : [] });
  }

  app.get("/", async (context) => {
    const [verifier, state] = [randomPKCECodeVerifier(), randomState()];
    journeys.keep(context, { verifier, state });
    const url = buildAuthorizationUrl(await configure(), {
      redirect_uri: redirectUri.href,
      scope: "openid email",
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    });
    return context.redirect(url.href, 303);
  });

  app.get("/callback", async (context) => {
    const journey = journeys.read(context);
    journeys.forget(context);
    // Another browser began it: somebody wants to sign this one in as themselves.
    if (journey === null) return context.redirect("/?failed=social", 303);
    const subjectId = await whoCame(new URL(`${redirectUri.href}${new URL(context.req.url).search}`), journey).catch(
      (error: unknown) => (console.error(error), null),
    );
    if (subjectId === null) return context.redirect("/?failed=social", 303);
    const start = { method: "social", redirectTo: "/?adopt", environment: context.env };
    return auth.startSession(subjectId, context.req.raw, start);
  });

  async function whoCame(url: URL, { verifier, state }: { verifier: string; state: string }): Promise<string | null> {
    const configuration = await configure();
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await authorizationCodeGrant(configuration, url, checks);
    const sub = tokens.claims()?.sub;
    if (sub === undefined) return null;
    const link = `${issuer} ${sub}`;
    const known = links.get(link);
    if (known !== undefined) return known;
    const { email, email_verified: isVerified } = await fetchUserInfo(configuration, tokens.access_token, sub);
    // An address that the provider does not vouch for says nothing about whose account it is.
    const subject =
      email !== undefined && isVerified === true ? await findOrAddByEmail(auth, email) : await auth.subjects.add({});
    if (subject === null) return null;
    links.set(link, subject.id);
    return subject.id;
  }

  return app;
}
