import { parseClaims } from "../../../core/claims.ts";

/** A field of an answer: where it stands and what it holds. */
export interface FoundField {
  /** `data.access_token` */
  readonly path: string;
  readonly value: unknown;
}

/** What an answer to a sign-in or refresh holds. */
export interface FoundTokens {
  readonly access: FoundField | null;
  readonly refresh: FoundField | null;
  readonly expiry: FoundField | null;
  /** The object with an id, if there is one. */
  readonly user: FoundField | null;
}

/** Finds the tokens by the names of fields, and by what looks like a JWT. */
export function findTokens(body: unknown): FoundTokens {
  const fields = listFields(body);
  const texts = fields.filter(({ value }) => typeof value === "string" && value.length >= 8);
  const nameOf = ({ path }: FoundField): string => path.split(".").at(-1) ?? "";
  const refresh = texts.find((field) => /refresh/i.test(nameOf(field)) && !/expir/i.test(nameOf(field))) ?? null;
  const others = texts.filter((field) => field !== refresh && !/id_?token|csrf|xsrf|type|expir/i.test(nameOf(field)));
  const access =
    others.find((field) => /access/i.test(nameOf(field))) ??
    others.find((field) => /^(jwt|token|bearer|auth_?token)$/i.test(nameOf(field))) ??
    others.find(({ value }) => parseClaims(tokenOf(value)) !== null) ??
    null;
  const expiry =
    fields.find(
      (field) =>
        /expir|ttl|lifetime/i.test(nameOf(field)) &&
        !/refresh/i.test(field.path) &&
        (typeof field.value === "number" || typeof field.value === "string"),
    ) ?? null;
  const user =
    fields.find((field) => /^(user|record|account|me|profile)$/i.test(nameOf(field)) && idOf(field.value)) ?? null;
  return { access, refresh, expiry, user };
}

/** What may be a token, by its looks alone: one word, long enough, and of no other meaning by its name. */
export function listTokenLike(body: unknown): FoundField[] {
  return listFields(body).filter(
    ({ path, value }) =>
      typeof value === "string" &&
      /^[\w.~+/=-]{8,}$/.test(value) &&
      !/(^|\.)(\w*(id|type|name|mail|role|status|message|url|at|csrf|xsrf)|id_?token)$|expir/i.test(path),
  );
}

/** The text at a path, or nothing. */
export function textAt(body: unknown, path: string | undefined): string {
  const value = listFields(body).find((field) => field.path === path)?.value;
  return typeof value === "string" ? value : "";
}

/** The token without the word that some servers send before it. */
export const tokenOf = (value: unknown): string =>
  typeof value === "string" ? value.replace(/^Bearer\s+/i, "").trim() : "";

/** The name under which an object keeps its id, or null. */
export function idOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  return (
    ["id", "pk", "_id", "uuid", "sub"].find((name) => ["string", "number"].includes(typeof (value as never)[name])) ??
    null
  );
}

/** Every field of an answer, the shallow ones first. */
export function listFields(body: unknown): FoundField[] {
  const found: FoundField[] = [];
  let level: FoundField[] = [{ path: "", value: body }];
  for (let depth = 0; depth < 4 && level.length > 0; depth += 1) {
    level = level.flatMap(({ path, value }) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([name, inner]) => ({
            path: path === "" ? name : `${path}.${name}`,
            value: inner as unknown,
          }))
        : [],
    );
    found.push(...level);
  }
  return found;
}
