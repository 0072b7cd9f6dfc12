import { createInterface } from "node:readline/promises";
import { parseServerAddress } from "../../serverAddress.ts";
import type { CommandWorld } from "../commandWorld.ts";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { askPassword, readPasswordFromInput } from "../readPassword.ts";
import { createTerminal, toPlainText } from "../terminal.ts";
import { createDoctorWire } from "./doctorWire.ts";
import { examineApi, type Examination } from "./examineApi.ts";
import type { FoundTokens } from "./doctorFields.ts";
import {
  describeOAuthServer,
  findOAuthFaults,
  findOAuthServer,
  type OAuthServer,
  writeOAuthDescription,
} from "./examineOAuthServer.ts";
import { type FoundRefresh, isOneToken, type Presentation } from "./findRefresh.ts";
import { findCorsFaults, findFaults, type Finding, lifetimeOf } from "./findFaults.ts";
import { presetFor, writeDescription } from "./writeDescription.ts";

export interface DoctorOptions {
  url?: string;
  username?: string;
  passwordStdin?: boolean;
  signIn?: string;
  clientId?: string;
  origin?: string;
  json?: boolean;
  dangerouslyAllowHttp?: boolean;
}

/**
 * Looks at a token API: signs in, refreshes and signs out, then prints the description for `createTokenBackend` and what to change at
 * the server. Exits with 1 when something will sign people out, or in, who should not be.
 */
export async function doctor(world: CommandWorld, options: DoctorOptions): Promise<number> {
  const { url = world.environment["STAY_SIGNED_IN_URL"], passwordStdin = false } = options;
  if (!url) throw new UsageError("Which API? Name the address that its sign-in stands under with --url.");
  const base = parseServerAddress(url, { dangerouslyAllowHttp: options.dangerouslyAllowHttp === true });
  if (passwordStdin && options.username === undefined)
    throw new UsageError("--password-stdin needs --username NAME as well.");
  const pageOrigin = options.origin === undefined ? null : originOf(options.origin);
  const look = { fetch: globalThis.fetch, signal: world.interrupted };
  const server = options.signIn === undefined ? await findOAuthServer({ base, ...look }) : null;
  const report =
    server === null
      ? await examine(world, options, { base, pageOrigin, ...look })
      : await examineServer(server, { clientId: options.clientId, pageOrigin, ...look });
  const { print } = createTerminal(world);
  const { description, findings } = report;
  if (options.json === true) print(JSON.stringify({ description, findings }, null, 2));
  else for (const line of formatReport(report)) print(toPlainText(line));
  return findings.some(({ level }) => level === "problem") ? exitCodes.unexpected : exitCodes.done;
}

interface Look {
  readonly pageOrigin: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/** By a sign-in with a password. */
async function examine(
  world: CommandWorld,
  options: DoctorOptions,
  { base, pageOrigin, fetch, signal }: Look & { readonly base: string },
): Promise<Report> {
  const username = options.username ?? (await askName(world));
  const password =
    options.passwordStdin === true
      ? await readPasswordFromInput(world)
      : await askPassword(world, `Password for ${toPlainText(username)} (of a test account): `);
  const found = await examineApi({ base, username, password, signInPath: options.signIn, fetch, signal });
  const cors = pageOrigin === null ? [] : await findCorsFaults(createDoctorWire({ fetch, signal }), found, pageOrigin);
  return reportOf(found, [...findFaults(found, pageOrigin), ...cors]);
}

/** By what it says of itself: nobody signs in. */
async function examineServer(
  server: OAuthServer,
  given: Look & { readonly clientId: string | undefined },
): Promise<Report> {
  return {
    facts: describeOAuthServer(server),
    findings: await findOAuthFaults(server, given),
    description: writeOAuthDescription(server, given),
    remark:
      "oauth2 is a preset of stay-signed-in/backends; docs/other-backends.md has the sign-in button and the page that people come back to.",
  };
}

function originOf(text: string): string {
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new UsageError("--origin is where the page stands, like https://app.example.");
  return new URL(text).origin;
}

async function askName({ input, messages, interrupted }: CommandWorld): Promise<string> {
  if (input.isTTY !== true) throw new UsageError("There is no terminal to ask for the user name on: give --username.");
  const lines = createInterface({ input, output: messages });
  try {
    return await lines.question("User name or e-mail address (of a test account): ", { signal: interrupted });
  } finally {
    lines.close();
  }
}

/** What the command says, whatever it looked at. */
export interface Report {
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
  readonly description: string;
  readonly remark: string | null;
}

export function reportOf(found: Examination, findings: readonly Finding[]): Report {
  const { signIn, tokens, refresh, signOut, user, claims } = found;
  const pathOf = (url: string): string => new URL(url).pathname;
  const lifetime = lifetimeOf(found);
  const facts = [
    ["sign-in", `POST ${pathOf(signIn.url)} with ${signIn.fields.join(" and ")}${signIn.isForm ? ", as a form" : ""}`],
    [
      "access token",
      tokens.access === null ? "in a cookie" : `body.${tokens.access.path}, ${claims === null ? "opaque" : "a JWT"}`,
    ],
    [
      "lives",
      lifetime === null
        ? tokens.expiry === null
          ? "not told"
          : `body.${tokens.expiry.path}`
        : `${Math.round(lifetime)} s`,
    ],
    [
      "refresh token",
      tokens.refresh === null
        ? refresh === null || isOneToken(refresh, tokens)
          ? "none but the access token"
          : placeOf(refresh.how)
        : `body.${tokens.refresh.path}`,
    ],
    [
      "refresh",
      refresh === null ? "none found" : `${refresh.method} ${pathOf(refresh.url)}${rotationOf(refresh, tokens)}`,
    ],
    ["sign-out", signOut === null ? "none found" : `${signOut.method} ${pathOf(signOut.url)}`],
    ["who am I", user === null ? "none found" : `GET ${pathOf(user.url)}, id in ${user.id.path}`],
  ];
  const preset = presetFor(found);
  return {
    facts: facts.map(([name = "", fact = ""]) => `${name.padEnd(14)} ${fact}`),
    findings,
    description: writeDescription(found),
    remark:
      preset === null
        ? null
        : `It looks like what the preset ${preset} of stay-signed-in/backends is for: that is shorter.`,
  };
}

/** The report, line by line. */
export function formatReport({ facts, findings, description, remark }: Report): string[] {
  const problems = findings.filter(({ level }) => level === "problem");
  const advice = findings.filter(({ level }) => level === "advice");
  return [
    ...facts,
    "",
    ...(problems.length === 0 ? ["Nothing that will sign people out by itself."] : ["Change at the server:"]),
    ...problems.map(({ text }) => `  ! ${text}`),
    ...(advice.length === 0 ? [] : ["Worth knowing:", ...advice.map(({ text }) => `  - ${text}`)]),
    "",
    ...description.split("\n"),
    ...(remark === null ? [] : ["", remark]),
  ];
}

const placeOf = (how: Presentation): string => (how.kind === "cookie" ? "in a cookie" : `body.${how.field.path}`);

function rotationOf(refresh: FoundRefresh, tokens: FoundTokens): string {
  const { rotates, hasGrace } = refresh;
  if (isOneToken(refresh, tokens)) return ", with the token that it replaces";
  if (!rotates) return ", the refresh token stays";
  return hasGrace === false ? ", rotates without a grace time" : ", rotates";
}
