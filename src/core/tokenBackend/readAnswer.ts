import { AuthError } from "../authError.ts";
import { parseClaims } from "../claims.ts";
import { describeBody, fieldNames } from "./fieldNames.ts";
import type { EndpointAnswer } from "./endpointCaller.ts";
import { readExpiresInSeconds, readSessionEndsInSeconds } from "./readExpiry.ts";
import type { TokenBackendOptions, TokenBackendPlatform, TokenFields } from "./tokenBackendOptions.ts";
import { readUserId } from "./readUser.ts";

/** What a description found in an answer, checked. */
export interface ReadTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresInSeconds: number | null;
  readonly sessionEndsInSeconds: number | null;
  readonly subject: string | null;
  readonly sessionId: string | null;
  readonly user: unknown;
  /** The server's clock by its `Date` header, milliseconds. */
  readonly serverNow: number | null;
}

/**
 * Reads the tokens of an answer as the description says.
 *
 * @throws AuthError `badResponse` with the field that is missing and the names, never the values, of those that are there.
 */
export function readTokens(
  { response, body, place }: EndpointAnswer,
  {
    tokens,
    subject,
    platform: { clock, random },
  }: Pick<TokenBackendOptions, "tokens" | "subject"> & {
    readonly platform: Pick<TokenBackendPlatform, "clock" | "random">;
  },
): ReadTokens {
  const misfit = (problem: string): AuthError =>
    new AuthError("badResponse", `${problem} (${place}, status ${response.status}: ${describeBody(body, response)}).`, {
      status: response.status,
    });

  const date = Date.parse(response.headers.get("Date") ?? "");
  const serverNow = Number.isNaN(date) ? null : date;
  const found = find();

  function find(): TokenFields {
    // Every answer renews the cookie, so every answer gets another name.
    const named = { accessToken: `cookie-${clock.now().toString(36)}-${random().toString(36).slice(2)}` };
    if (tokens === "cookie") return named;
    try {
      const given =
        typeof tokens === "function" ? tokens(body ?? null, response) : tokens.cookie(body ?? null, response);
      if (typeof given !== "object" || given === null) throw misfit("`tokens` must return an object");
      return typeof tokens === "function" ? (given as TokenFields) : { ...given, ...named };
    } catch (error) {
      if (error instanceof AuthError) throw error;
      // Without its message: what a description throws may quote the answer.
      throw misfit("`tokens` could not read the answer: it threw; does it look under the right field?");
    }
  }

  const accessToken = typeof found.accessToken === "string" ? found.accessToken.replace(/^Bearer\s+/i, "").trim() : "";
  if (accessToken === "") {
    const hint = hintOf(body, found);
    throw misfit(`\`tokens\` found no \`accessToken\`${hint === null ? "" : `; did you mean ${hint}?`}`);
  }
  try {
    return {
      accessToken,
      refreshToken: readText(found.refreshToken),
      expiresInSeconds: readExpiresInSeconds(found, accessToken, serverNow ?? clock.now()),
      sessionEndsInSeconds: readSessionEndsInSeconds(found, serverNow ?? clock.now()),
      subject: readText(found.subject) ?? readClaim(accessToken, subject) ?? readUserId(found.user),
      sessionId: readText(found.sessionId),
      user: found.user,
      serverNow,
    };
  } catch (error) {
    throw misfit((error as Error).message);
  }
}

/** @throws TypeError when the token has claims and not this one. */
function readClaim(accessToken: string, name: string | undefined): string | null {
  if (name === undefined) return null;
  const claims = parseClaims(accessToken);
  if (claims === null)
    throw new TypeError(`\`subject\` names the claim \`${name}\`, but the access token is not a JWT`);
  const value = readText(claims.shown[name]);
  if (value !== null) return value;
  const names = Object.keys(claims.shown).join("`, `");
  throw new TypeError(`\`subject\` names the claim \`${name}\`, which the access token has not; it has \`${names}\``);
}

const readText = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;

/** Which field it may have been: one that the description spells otherwise, or one of the answer whose name speaks of a token. */
function hintOf(body: unknown, found: object): string | null {
  const spelled = Object.keys(found).find((name) => name !== "accessToken" && /^(access|jwt|token)/i.test(name));
  if (spelled !== undefined) return `\`accessToken\` by the \`${spelled}\` that it returns`;
  const likely = fieldNames(body).find(
    (name) => /(^|\.)(access|jwt|id_?token|token)/i.test(name) && !/refresh/i.test(name),
  );
  return likely === undefined ? null : `\`body.${likely}\``;
}
