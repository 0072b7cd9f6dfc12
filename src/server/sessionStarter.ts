import { type Context, Hono } from "hono";
import type { AuthServerContext } from "./authServerContext.ts";
import type { Subject } from "./authStore.ts";
import { beginSession } from "./beginSession.ts";
import {
  anObject,
  aText,
  checkOptions,
  listOf,
  type OptionRule,
  type OptionRules,
  trueOrFalse,
} from "./checkOptions.ts";
import { recogniseClient } from "./familiarClients.ts";
import { presentedWith } from "./presentedSessions.ts";
import type { AuthServerEnvironment, HonoEnvironment, RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { readBindingKey } from "./sessionBinding.ts";
import { requireVerified } from "./checkCredentials.ts";
import { type ChosenTransport, chooseTransport, originNotAllowed, requireProfile } from "./startSession.ts";
import { anAmrValue } from "./stepUpChallenge.ts";
import { makeTokens } from "./tokenAnswer.ts";
import { withoutBody } from "./withoutBody.ts";

/** What is known of a sign-in that the app itself has checked. */
export interface StartSessionOptions {
  /** How it was done, in your own words: `passkey`, `magicLink`. Shown in the list of sessions. Default: not known. */
  readonly method?: string | undefined;
  /**
   * With what the person proved who they are, in the values of RFC 8176 §2 (`hwk`, `otp`, `mfa`): the claim `amr`. Default:
   * none.
   */
  readonly amr?: readonly string[] | undefined;
  /** "Remember me": with `false` the browser forgets the session with its windows. Default true. */
  readonly persistent?: boolean | undefined;
  /**
   * For a route that the browser itself opens, such as the address that an identity provider leads back to, or a link in an
   * e-mail: the answer is a redirect (303) to this path of your own, with the cookie and without a token; the page there
   * calls `auth.adopt()`. Such a request always seems to come from another site, so no origin is asked for: the route must
   * have made sure by itself that this very browser began the sign-in (`state` of RFC 6749 §10.12, kept in a cookie), or
   * anybody signs your visitors in as somebody else. Default: the answer of a sign-in.
   */
  readonly redirectTo?: string | undefined;
  /** What your route was given beside the request (`context.env` in Hono), which holds the client's address. Default: none. */
  readonly environment?: AuthServerEnvironment | undefined;
}

/** {@link AuthServer.startSession}. */
export type StartSession = (subjectId: string, request: Request, options?: StartSessionOptions) => Promise<Response>;

const aPath: OptionRule = {
  expected: 'a path of your own, such as "/welcome"',
  accepts: (value) => typeof value === "string" && /^\/(?![/\\])[\x21-\x7e]*$/.test(value),
};

const rules: OptionRules<StartSessionOptions> = {
  method: aText,
  amr: listOf(anAmrValue),
  persistent: trueOrFalse,
  redirectTo: aPath,
  environment: anObject,
};

/** Makes {@link StartSession}; `withRules` gives a Hono app what every endpoint of the server has. */
export function createSessionStarter(
  server: AuthServerContext,
  withRules: (app: Hono<HonoEnvironment>) => Hono<HonoEnvironment>,
): StartSession {
  return async (subjectId, request, options = {}) => {
    checkOptions<StartSessionOptions>("startSession", options, rules);
    let isUnknown = false;
    const app = withRules(new Hono<HonoEnvironment>());
    app.all("*", async (context) => {
      const subject = await server.store.findSubject(subjectId);
      isUnknown = subject === null;
      return subject === null ? context.notFound() : answer(server, context, subject, options);
    });
    // Without its body, which is the app's own and may have been read.
    const { url, method, headers } = request;
    const response = await app.fetch(new Request(url, { method, headers }), options.environment ?? {});
    if (isUnknown) throw new RangeError("`startSession`: there is no such subject; make it by `auth.subjects.add`.");
    return response;
  };
}

async function answer(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  subject: Subject,
  options: StartSessionOptions,
): Promise<Response> {
  const { method = null, amr = [], persistent = true, redirectTo } = options;
  const facts = server.facts(context);
  const chosen =
    redirectTo === undefined ? chooseTransport(server, facts) : chooseForNavigation(server, context, facts);
  const boundKey = await readBindingKey(server, context, facts, chosen);
  const presented = await presentedWith(server, facts, chosen);
  if (!subject.isActive) {
    server.audit("signInFailed", facts, { subject: subject.id, method });
    throw new RequestRefusedError(400, "LOGIN_BAD_CREDENTIALS");
  }
  requireVerified(server, subject);
  const { isNewDevice } = await recogniseClient(server, facts, subject, presented);
  const proof = { method, amr, persistent, isNewDevice, request: withoutBody(context) };
  const record = await beginSession(server, facts, { subject, ...proof, chosen, presented, boundKey });
  const tokens = await makeTokens(server, context, facts, record, chosen.profile);
  return redirectTo === undefined ? context.json(tokens) : context.redirect(redirectTo, 303);
}

/** The origin rule cannot be asked: a browser that is led back here says that it comes from another site. */
function chooseForNavigation(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
): ChosenTransport {
  const mode = context.req.header("sec-fetch-mode") ?? "navigate";
  const dest = context.req.header("sec-fetch-dest") ?? "document";
  if (context.req.method !== "GET" || mode !== "navigate" || dest !== "document") {
    throw originNotAllowed("`redirectTo` is for pages that the browser itself opens: answer this request without it.");
  }
  return { transport: "cookie", profile: requireProfile(server, facts) };
}
