import { parseClaims } from "../../../core/claims.ts";
import { AuthError } from "../../../core/authError.ts";
import { createDoctorWire, type DoctorWire, isSuccess, type ProbeAnswer, type SetCookie } from "./doctorWire.ts";
import { findTokens, type FoundField, type FoundTokens, idOf, listFields, textAt, tokenOf } from "./doctorFields.ts";
import { fieldOf, findRefresh, type FoundRefresh, present } from "./findRefresh.ts";
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

/** What was found out about an API. */
export interface Examination {
  readonly base: string;
  readonly signIn: SignInPlace & { readonly url: string };
  readonly tokens: FoundTokens;
  readonly cookies: readonly SetCookie[];
  /** The access token's claims, null for an opaque one. */
  readonly claims: ReturnType<typeof parseClaims>;
  readonly refresh: FoundRefresh | null;
  readonly user: { readonly url: string; readonly id: FoundField } | null;
  readonly signOut: { readonly url: string; readonly method: string; readonly ends: boolean } | null;
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
  const user = await findUser(wire, besides(base, place.path, USER_PATHS), authorizationOf(tokens.access));
  const refresh = await findRefresh(wire, besides(base, place.path, REFRESH_PATHS), answer, tokens);
  // The examination of rotation may have ended the session: signing out begins with one of its own.
  const again = await signIn(wire, join(base, place.path), place, username, password);
  const begun = { body: again.body, tokens: findTokens(again.body) };
  const signOut = await findSignOut(wire, besides(base, place.path, SIGN_OUT_PATHS), begun, refresh);
  return {
    base,
    signIn: { ...place, url: join(base, place.path) },
    tokens,
    cookies,
    claims: tokens.access === null ? null : parseClaims(tokenOf(tokens.access.value)),
    refresh,
    user,
    signOut,
  };
}

const authorizationOf = (access: FoundField | null): Record<string, string> =>
  access === null ? {} : { Authorization: `Bearer ${tokenOf(access.value)}` };

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

async function findSignOut(
  wire: DoctorWire,
  urls: readonly string[],
  { body, tokens }: { readonly body: unknown; readonly tokens: FoundTokens },
  refresh: FoundRefresh | null,
): Promise<Examination["signOut"]> {
  const headers = authorizationOf(tokens.access);
  const shown = refresh === null ? "" : textAt(body, fieldOf(refresh.how)?.path);
  const json = refresh?.how.kind === "json" ? { [refresh.how.name]: shown } : {};
  for (const method of ["POST", "DELETE", "GET"]) {
    for (const url of urls) {
      const before = wire.snapshot();
      const answer = await wire.send({ method, url, headers, ...(method === "POST" && { json }) });
      if (!isSuccess(answer)) continue;
      if (refresh === null) {
        if (method === "POST") return { url, method, ends: true };
        continue;
      }
      wire.restore(before);
      const ends = !isSuccess(await present(wire, refresh, shown));
      // Many an app answers any GET with its page.
      if (ends || method === "POST") return { url, method, ends };
    }
  }
  return null;
}
