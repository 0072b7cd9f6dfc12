import { findTokens, type FoundField, type FoundTokens, listTokenLike, textAt, tokenOf } from "./doctorFields.ts";
import { type DoctorWire, isSuccess, type ProbeAnswer } from "./doctorWire.ts";

/** How a refresh token is presented, and which field of an answer brings it. */
export type Presentation =
  | { readonly kind: "json"; readonly name: string; readonly field: FoundField }
  | { readonly kind: "bearer"; readonly field: FoundField }
  | { readonly kind: "cookie" };

/** The refresh of an API, as it was seen to work. */
export interface FoundRefresh {
  readonly url: string;
  readonly method: string;
  readonly how: Presentation;
  /** Where its answer has the tokens; a sign-in may spell them otherwise. */
  readonly tokens: FoundTokens;
  /** Whether each refresh brings another refresh token. */
  readonly rotates: boolean;
  /** Whether the one before still counts a moment later; null where nothing rotates. */
  readonly hasGrace: boolean | null;
  /** Whether showing an old one twice ended the whole session. */
  readonly endsOnReuse: boolean;
}

export const fieldOf = (how: Presentation): FoundField | null => (how.kind === "cookie" ? null : how.field);

/** The token is its own refresh token: it is exchanged for another while it is good. */
export const isOneToken = ({ how }: FoundRefresh, { access }: FoundTokens): boolean =>
  how.kind !== "cookie" && how.field.path === access?.path;

/** Every manner in which this answer's refresh token may be wanted back, the usual ones first. */
function presentations({ body, cookies }: ProbeAnswer, { access, refresh }: FoundTokens): Presentation[] {
  const inCookie: Presentation[] = cookies.length === 0 ? [] : [{ kind: "cookie" }];
  const inJson = (field: FoundField): Presentation[] => {
    const own = field.path.split(".").at(-1) ?? "";
    return [...new Set([own, "refresh_token", "refreshToken", "refresh", "token"])].map((name) => ({
      kind: "json",
      name,
      field,
    }));
  };
  const asBearer = (field: FoundField): Presentation => ({ kind: "bearer", field });
  if (refresh !== null) return [...inJson(refresh), asBearer(refresh), ...inCookie];
  // A refresh token by another name: whatever else in the answer could be one.
  const others = listTokenLike(body).filter(({ path }) => path !== access?.path);
  return [
    ...inCookie,
    ...(access === null ? [] : [asBearer(access)]),
    ...others.flatMap((field) => [...inJson(field), asBearer(field)]),
  ];
}

/** Presents `token` as this refresh wants it. */
export function present(
  wire: DoctorWire,
  { url, method, how }: Pick<FoundRefresh, "url" | "method" | "how">,
  token: string,
): Promise<ProbeAnswer> {
  if (how.kind === "bearer")
    return wire.send({ method, url, cookies: false, headers: { Authorization: `Bearer ${tokenOf(token)}` } });
  const json = how.kind === "json" ? { [how.name]: token } : {};
  return wire.send({ method, url, cookies: how.kind === "cookie", ...(method !== "GET" && { json }) });
}

/** Looks for the refresh behind these addresses, and at what it does to the token that it is given. */
export async function findRefresh(
  wire: DoctorWire,
  urls: readonly string[],
  signedIn: ProbeAnswer,
  tokens: FoundTokens,
): Promise<FoundRefresh | null> {
  const ways = presentations(signedIn, tokens);
  for (const method of ["POST", "PUT", "GET"]) {
    for (const url of urls) {
      for (const how of ways) {
        if (how.kind === "json" && method === "GET") continue;
        const first = textAt(signedIn.body, fieldOf(how)?.path);
        const before = wire.snapshot();
        const answer = await present(wire, { url, method, how }, first);
        if ([404, 405, 501].includes(answer.status)) break;
        const found = findTokens(answer.body);
        const isRenewed = tokens.access === null ? answer.cookies.length > 0 : found.access !== null;
        if (isSuccess(answer) && isRenewed)
          return examineRotation(
            wire,
            { url, method, how, tokens: found },
            { first, before, answer, signedIn: tokens },
          );
      }
    }
  }
  return null;
}

async function examineRotation(
  wire: DoctorWire,
  made: Pick<FoundRefresh, "url" | "method" | "how" | "tokens">,
  seen: {
    readonly first: string;
    readonly before: ReadonlyMap<string, string>;
    readonly answer: ProbeAnswer;
    readonly signedIn: FoundTokens;
  },
): Promise<FoundRefresh> {
  const { how, tokens } = made;
  const { first, before, answer, signedIn } = seen;
  const after = wire.snapshot();
  const isOne = how.kind !== "cookie" && how.field.path === signedIn.access?.path;
  const next = isOne ? tokens.access : (tokens.refresh ?? sameField(answer.body, how));
  const nextToken = typeof next?.value === "string" ? next.value : "";
  const rotates =
    how.kind === "cookie"
      ? JSON.stringify([...before]) !== JSON.stringify([...after])
      : nextToken !== "" && nextToken !== first;
  if (!rotates || isOne) return { ...made, rotates, hasGrace: rotates ? true : null, endsOnReuse: false };
  wire.restore(before);
  const hasGrace = isSuccess(await present(wire, made, first));
  wire.restore(after);
  const successor = hasGrace ? null : await present(wire, made, nextToken);
  return { ...made, rotates, hasGrace, endsOnReuse: successor !== null && !isSuccess(successor) };
}

/** The field of this answer that has the name of the one that the sign-in's had. */
function sameField(body: unknown, how: Presentation): FoundField | null {
  const path = fieldOf(how)?.path;
  const value = textAt(body, path);
  return path === undefined || value === "" ? null : { path, value };
}
