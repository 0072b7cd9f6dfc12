import { parseClaims } from "../../../core/claims.ts";
import { AuthError } from "../../../core/authError.ts";
import { createDoctorWire, type DoctorWire, isSuccess, type ProbeAnswer, type SetCookie } from "./doctorWire.ts";
import { findTokens, type FoundField, type FoundTokens, idOf, listFields } from "./doctorFields.ts";
import {
  besides,
  join,
  orderNames,
  REFRESH_PATHS,
  SIGN_IN_PATHS,
  SIGN_OUT_PATHS,
  type SignInPlace,
  USER_PATHS,
} from "./knownApis.ts";

/** How a refresh token is presented. */
export type Presentation =
  | { readonly kind: "json"; readonly name: string }
  | { readonly kind: "bearer" }
  | { readonly kind: "cookie" };

/** What was found out about an API. */
export interface Examination {
  readonly base: string;
  readonly signIn: SignInPlace & { readonly url: string };
  readonly tokens: FoundTokens;
  readonly cookies: readonly SetCookie[];
  /** The access token's claims, null for an opaque one. */
  readonly claims: ReturnType<typeof parseClaims>;
  readonly refresh: {
    readonly url: string;
    readonly how: Presentation;
    /** Whether each refresh brings another refresh token. */
    readonly rotates: boolean;
    /** Whether the one before still counts a moment later; null where nothing rotates. */
    readonly hasGrace: boolean | null;
    /** Whether showing an old one twice ended the whole session. */
    readonly endsOnReuse: boolean;
  } | null;
  readonly user: { readonly url: string; readonly id: FoundField } | null;
  readonly signOut: { readonly url: string; readonly ends: boolean } | null;
}

/**
 * Signs in to an API, refreshes, and signs out again, and notes what it does. At most four attempts with the real password; the
 * session that it began is over afterwards.
 *
 * @throws AuthError `invalidOptions` when no sign-in was found, `credentialsRejected` when the only ones refuse.
 */
export async function examineApi({
  base,
  username,
  password,
  signInPath,
  fetch,
  signal,
}: {
  readonly base: string;
  readonly username: string;
  readonly password: string;
  readonly signInPath?: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
}): Promise<Examination> {
  const wire = createDoctorWire({ fetch, signal });
  const { place, answer } = await findSignIn(wire, { base, username, password, signInPath });
  const tokens = findTokens(answer.body);
  const { cookies } = answer;
  const accessToken = typeof tokens.access?.value === "string" ? tokens.access.value : null;
  const bearer: Record<string, string> = accessToken === null ? {} : { Authorization: `Bearer ${accessToken}` };

  const user = await findUser(wire, besides(base, place.path, USER_PATHS), bearer);
  const refresh = await findRefresh(wire, besides(base, place.path, REFRESH_PATHS), tokens);
  // The examination of rotation may have ended the session: signing out begins with one of its own.
  const again = await signIn(wire, join(base, place.path), place, username, password);
  const signOut = await findSignOut(wire, besides(base, place.path, SIGN_OUT_PATHS), findTokens(again.body), refresh);
  return {
    base,
    signIn: { ...place, url: join(base, place.path) },
    tokens,
    cookies,
    claims: accessToken === null ? null : parseClaims(accessToken),
    refresh,
    user,
    signOut,
  };
}

function signIn(
  wire: DoctorWire,
  url: string,
  { fields: [name, secret], isForm = false }: SignInPlace,
  username: string,
  password: string,
): Promise<ProbeAnswer> {
  const fields = { [name]: username, [secret]: password };
  return wire.send({ method: "POST", url, cookies: false, ...(isForm ? { form: fields } : { json: fields }) });
}

async function findSignIn(
  wire: DoctorWire,
  given: { base: string; username: string; password: string; signInPath: string | undefined },
): Promise<{ place: SignInPlace; answer: ProbeAnswer }> {
  const { base, username, password, signInPath } = given;
  let refusal: ProbeAnswer | null = null;
  let attempts = 0;
  for (const path of signInPath === undefined ? SIGN_IN_PATHS : [signInPath]) {
    const url = join(base, path);
    const empty = await wire.send({ method: "POST", url, json: {}, cookies: false });
    // Nothing stands here, or something that takes no credentials.
    if ([301, 302, 307, 308, 404, 405, 501].includes(empty.status) || isSuccess(empty)) continue;
    const places = orderNames(empty.body).map((name): SignInPlace => ({ path, fields: [name, "password"] }));
    const asForm: SignInPlace = { path, fields: ["username", "password"], isForm: true };
    const forms = empty.status === 415 || empty.status === 422 ? [asForm] : [];
    for (const place of empty.status === 415 ? forms : [...places.slice(0, 4 - forms.length), ...forms]) {
      if (attempts >= 4) break;
      attempts += 1;
      const answer = await signIn(wire, url, place, username, password);
      const { access } = findTokens(answer.body);
      if (isSuccess(answer) && (access !== null || answer.cookies.length > 0)) return { place, answer };
      if (answer.status === 401 || answer.status === 400) refusal = answer;
    }
  }
  if (refusal !== null)
    throw new AuthError(
      "credentialsRejected",
      "The sign-in that was found refuses these credentials (or wants other field names: describe it by hand, see docs/other-backends.md).",
      { status: refusal.status },
    );
  throw new AuthError(
    "invalidOptions",
    "No sign-in was found behind this address. Name it with --sign-in PATH, or give the address that it stands under.",
  );
}

async function findUser(
  wire: DoctorWire,
  urls: readonly string[],
  headers: Record<string, string>,
): Promise<Examination["user"]> {
  for (const url of urls) {
    const answer = await wire.send({ method: "GET", url, headers });
    if (!isSuccess(answer)) continue;
    const holders = [{ path: "", value: answer.body }, ...listFields(answer.body)];
    const holder = holders.find(({ value }) => idOf(value) !== null);
    const email = listFields(answer.body).find(({ path }) => path === "email");
    const id = holder === undefined ? null : idOf(holder.value);
    if (holder !== undefined && id !== null)
      return { url, id: { path: holder.path === "" ? id : `${holder.path}.${id}`, value: null } };
    if (email !== undefined) return { url, id: { path: "email", value: null } };
  }
  return null;
}

function presentations({ access, refresh }: FoundTokens): Presentation[] {
  const own = refresh?.path.split(".").at(-1);
  const names = [...new Set([own, "refresh_token", "refreshToken", "refresh"])].filter((name) => name !== undefined);
  const inBody = refresh === null ? [] : names.map((name): Presentation => ({ kind: "json", name }));
  // One token for everything: it is exchanged for another while it is good.
  return refresh !== null || access === null
    ? [...inBody, { kind: "cookie" }]
    : [{ kind: "cookie" }, { kind: "bearer" }];
}

function present(
  wire: DoctorWire,
  url: string,
  how: Presentation,
  token: string,
  isCookieSent = true,
): Promise<ProbeAnswer> {
  if (how.kind === "bearer")
    return wire.send({ method: "POST", url, cookies: false, headers: { Authorization: `Bearer ${token}` } });
  return how.kind === "json"
    ? wire.send({ method: "POST", url, json: { [how.name]: token }, cookies: false })
    : wire.send({ method: "POST", url, json: {}, cookies: isCookieSent });
}

const textOf = (field: FoundField | null): string => (typeof field?.value === "string" ? field.value : "");

async function findRefresh(
  wire: DoctorWire,
  urls: readonly string[],
  tokens: FoundTokens,
): Promise<Examination["refresh"]> {
  for (const url of urls) {
    for (const how of presentations(tokens)) {
      const first = how.kind === "bearer" ? textOf(tokens.access) : textOf(tokens.refresh);
      const before = wire.snapshot();
      const answer = await present(wire, url, how, first);
      if ([404, 405, 501].includes(answer.status)) break;
      const found = findTokens(answer.body);
      if (!isSuccess(answer) || (found.access === null && answer.cookies.length === 0)) continue;
      const after = wire.snapshot();
      const next = how.kind === "bearer" ? textOf(found.access) : textOf(found.refresh);
      const rotates =
        how.kind === "cookie"
          ? JSON.stringify([...before]) !== JSON.stringify([...after])
          : next !== "" && next !== first;
      if (!rotates || how.kind === "bearer")
        return { url, how, rotates, hasGrace: rotates ? true : null, endsOnReuse: false };
      wire.restore(before);
      const reused = await present(wire, url, how, first);
      const hasGrace = isSuccess(reused);
      wire.restore(after);
      const successor = hasGrace ? null : await present(wire, url, how, next);
      return { url, how, rotates, hasGrace, endsOnReuse: successor !== null && !isSuccess(successor) };
    }
  }
  return null;
}

async function findSignOut(
  wire: DoctorWire,
  urls: readonly string[],
  tokens: FoundTokens,
  refresh: Examination["refresh"],
): Promise<Examination["signOut"]> {
  const token = textOf(tokens.refresh);
  const headers: Record<string, string> =
    tokens.access === null ? {} : { Authorization: `Bearer ${textOf(tokens.access)}` };
  for (const url of urls) {
    const name = refresh?.how.kind === "json" ? refresh.how.name : null;
    const before = wire.snapshot();
    const json = name === null ? {} : { [name]: token };
    const answer = await wire.send({ method: "POST", url, headers, json });
    if (!isSuccess(answer)) continue;
    if (refresh === null) return { url, ends: true };
    wire.restore(before);
    const shown = refresh.how.kind === "bearer" ? textOf(tokens.access) : token;
    return { url, ends: !isSuccess(await present(wire, refresh.url, refresh.how, shown)) };
  }
  return null;
}
