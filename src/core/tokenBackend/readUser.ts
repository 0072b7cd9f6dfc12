import type { User } from "../authClient.ts";
import { AuthError } from "../authError.ts";
import { parseUser } from "../responses.ts";
import { describeBody } from "./fieldNames.ts";
import type { EndpointAnswer } from "./endpointCaller.ts";
import type { UserEndpoint } from "./tokenBackendOptions.ts";

// The spellings of Django, MongoDB, OpenID Connect and the rest.
const ID_NAMES = ["id", "pk", "_id", "uuid", "sub"] as const;

/** The id of what may be a user, as text; null when it names none. */
export function readUserId(user: unknown): string | null {
  if (typeof user !== "object" || user === null) return null;
  for (const name of ID_NAMES) {
    const id = (user as Record<string, unknown>)[name];
    if ((typeof id === "string" && id !== "") || typeof id === "number") return String(id);
  }
  return null;
}

/** Any object that names an id, as a user; null for anything else. */
export function toUser(value: unknown): User | null {
  const id = readUserId(value);
  return id === null ? null : parseUser({ ...(value as object), id });
}

/** @throws AuthError `badResponse` with the names of the fields that are there. */
export function readUser({ response, body, place }: EndpointAnswer, map: UserEndpoint["map"]): User {
  const misfit = (problem: string): AuthError =>
    new AuthError("badResponse", `${problem} (${place}, status ${response.status}: ${describeBody(body, response)}).`, {
      status: response.status,
    });
  let mapped: unknown = body;
  try {
    if (map !== undefined) mapped = map(body ?? null);
  } catch {
    throw misfit("`user.map` could not read the answer: it threw; does it look under the right field?");
  }
  const user = toUser(mapped);
  if (user !== null) return user;
  throw misfit(
    map === undefined
      ? "The user's answer names no `id`: let `user.map` return an object with one, such as `({ data }) => data`"
      : "`user.map` returned no `id`",
  );
}
