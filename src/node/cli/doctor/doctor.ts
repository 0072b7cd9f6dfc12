import { createInterface } from "node:readline/promises";
import { parseServerAddress } from "../../serverAddress.ts";
import type { CommandWorld } from "../commandWorld.ts";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { askPassword, readPasswordFromInput } from "../readPassword.ts";
import { createTerminal, toPlainText } from "../terminal.ts";
import { createDoctorWire } from "./doctorWire.ts";
import { examineApi, type Examination } from "./examineApi.ts";
import { findCorsFaults, findFaults, type Finding, lifetimeOf } from "./findFaults.ts";
import { presetFor, writeDescription } from "./writeDescription.ts";

export interface DoctorOptions {
  url?: string;
  username?: string;
  passwordStdin?: boolean;
  signIn?: string;
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
  const username = options.username ?? (await askName(world));
  const password = passwordStdin
    ? await readPasswordFromInput(world)
    : await askPassword(world, `Password for ${toPlainText(username)} (of a test account): `);

  const { fetch } = globalThis;
  const signal = world.interrupted;
  const found = await examineApi({ base, username, password, signInPath: options.signIn, fetch, signal });
  const origin = options.origin === undefined ? null : new URL(options.origin).origin;
  const faults = [
    ...findFaults(found, origin),
    ...(origin === null ? [] : await findCorsFaults(createDoctorWire({ fetch, signal }), found, origin)),
  ];
  const { print } = createTerminal(world);
  if (options.json === true) print(JSON.stringify({ description: writeDescription(found), findings: faults }, null, 2));
  else for (const line of describeExamination(found, faults)) print(toPlainText(line));
  return faults.some(({ level }) => level === "problem") ? exitCodes.unexpected : exitCodes.done;
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

/** The report, line by line. */
export function describeExamination(found: Examination, findings: readonly Finding[]): string[] {
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
        ? refresh?.how.kind === "bearer"
          ? "the access token itself"
          : "in a cookie"
        : `body.${tokens.refresh.path}`,
    ],
    ["refresh", refresh === null ? "none found" : `POST ${pathOf(refresh.url)}${rotationOf(refresh)}`],
    ["sign-out", signOut === null ? "none found" : `POST ${pathOf(signOut.url)}`],
    ["who am I", user === null ? "none found" : `GET ${pathOf(user.url)}, id in ${user.id.path}`],
  ];
  const preset = presetFor(found);
  const problems = findings.filter(({ level }) => level === "problem");
  const advice = findings.filter(({ level }) => level === "advice");
  return [
    ...facts.map(([name = "", fact = ""]) => `${name.padEnd(14)} ${fact}`),
    "",
    ...(problems.length === 0 ? ["Nothing that will sign people out by itself."] : ["Change at the server:"]),
    ...problems.map(({ text }) => `  ! ${text}`),
    ...(advice.length === 0 ? [] : ["Worth knowing:", ...advice.map(({ text }) => `  - ${text}`)]),
    "",
    ...writeDescription(found).split("\n"),
    ...(preset === null
      ? []
      : ["", `It looks like what the preset ${preset} of stay-signed-in/backends is for: that is shorter.`]),
  ];
}

function rotationOf({ how, rotates, hasGrace }: NonNullable<Examination["refresh"]>): string {
  if (how.kind === "bearer") return ", with the token that it replaces";
  if (!rotates) return ", the refresh token stays";
  return hasGrace === false ? ", rotates without a grace time" : ", rotates";
}
