import type { VerifiedAccessToken } from "./accessTokens.ts";
import type { OptionRule } from "./checkOptions.ts";

/** RFC 8176 names them by words; one with a quotation mark would end the header's text. */
export const anAmrValue: OptionRule = {
  expected: "a word without spaces, as in RFC 8176",
  accepts: (value) => typeof value === "string" && /^[\w.:/+-]{1,64}$/.test(value),
};

/** What a route asks of a sign-in. */
export interface StepUpRule {
  /** How long ago it may have been, in seconds. Default: any time. */
  readonly maxAgeSeconds?: number | undefined;
  /** With what it must have been proved (RFC 8176), all of these. Default: anything. */
  readonly amr?: readonly string[] | undefined;
}

/**
 * What {@link requireUser} does, for frameworks other than Hono: the header `WWW-Authenticate` of a 401 that asks for a better
 * or fresher sign-in (RFC 9470 §3); null where the token's own will do.
 *
 * @example
 * const challenge = stepUpChallenge(await auth.verifyAccessToken(token), { maxAgeSeconds: 300 });
 * if (challenge !== null) response.status(401).set("WWW-Authenticate", challenge).end();
 */
export function stepUpChallenge(
  { authenticatedAt, amr, verifiedAt }: VerifiedAccessToken,
  { maxAgeSeconds, amr: wanted = [] }: StepUpRule,
): string | null {
  const isTooOld =
    maxAgeSeconds !== undefined && (authenticatedAt === null || verifiedAt - authenticatedAt > maxAgeSeconds * 1000);
  const isTooWeak = !wanted.every((value) => amr.includes(value));
  if (!isTooOld && !isTooWeak) return null;
  const parameters = [
    'error="insufficient_user_authentication"',
    `error_description="${isTooWeak ? "Another way to sign in is needed here" : "A more recent sign-in is needed here"}"`,
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
    ...(wanted.length === 0 ? [] : [`acr_values="${wanted.join(" ")}"`]),
  ];
  return `Bearer ${parameters.join(", ")}`;
}
