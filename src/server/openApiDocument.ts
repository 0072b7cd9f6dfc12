import { z } from "zod";
import * as wire from "./wireSchemas.ts";

interface Operation {
  readonly method: "get" | "post" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly form?: z.ZodType;
  readonly json?: z.ZodType;
  readonly query?: Readonly<Record<string, string>>;
  readonly bearer?: boolean;
  readonly cookie?: boolean;
  readonly peek?: boolean;
  readonly answers: Readonly<Record<string, z.ZodType | string>>;
}

const errorAnswer = z.object({ detail: z.string(), reason: z.string().optional() });
const codedErrorAnswer = z.object({
  detail: z.union([z.string(), z.object({ code: z.string(), reason: z.string() })]),
});
const oauthErrorAnswer = z.object({ error: z.string() });
const validationAnswer = z.object({
  detail: z.array(z.object({ loc: z.array(z.string()), msg: z.string(), type: z.string() })),
});
const userWithTokens = wire.userAnswer.extend(wire.tokenAnswer.shape);

const FORBIDDEN = { "403": errorAnswer };
const UNAUTHORIZED = { "401": errorAnswer };
const INVALID = { "422": validationAnswer };
const LIMITED = { "429": errorAnswer };
const PATH_ID = /\{(\w+)\}/;

const OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/register",
    summary: "Makes an account.",
    json: wire.registerRequest,
    answers: { "201": wire.userAnswer, "400": codedErrorAnswer, ...INVALID, ...LIMITED },
  },
  {
    method: "post",
    path: "/jwt/login",
    summary: "Signs in: a new session, or (202) a challenge for a further factor.",
    form: wire.loginRequest,
    answers: {
      "200": wire.tokenAnswer,
      "202": wire.challengeAnswer,
      "400": errorAnswer,
      ...FORBIDDEN,
      ...INVALID,
      ...LIMITED,
    },
  },
  {
    method: "post",
    path: "/jwt/challenge",
    summary: "Answers the challenge of a sign-in, where the server asks for second factors.",
    json: wire.challengeRequest,
    answers: {
      "200": wire.tokenAnswer,
      "202": wire.challengeAnswer,
      "400": errorAnswer,
      ...FORBIDDEN,
      "404": errorAnswer,
      ...INVALID,
      ...LIMITED,
    },
  },
  {
    method: "post",
    path: "/guest",
    summary: "Starts the session of a new guest.",
    answers: { "200": wire.tokenAnswer, ...FORBIDDEN, "409": errorAnswer, ...LIMITED },
  },
  {
    method: "post",
    path: "/jwt/refresh",
    summary: "Renews the access token.",
    json: wire.refreshRequest,
    query: { optional: "`1`: without a refresh token the answer is a 200 that says so, and no 401." },
    cookie: true,
    answers: {
      "200": z.union([wire.tokenAnswer, wire.missingAnswer]),
      ...UNAUTHORIZED,
      ...FORBIDDEN,
      ...INVALID,
      ...LIMITED,
    },
  },
  {
    method: "post",
    path: "/jwt/peek",
    summary: "A short access token for a visitor's refresh cookie, for servers that render pages; nothing rotates.",
    peek: true,
    answers: { "200": wire.tokenAnswer, ...UNAUTHORIZED, ...FORBIDDEN, "404": errorAnswer },
  },
  {
    method: "post",
    path: "/jwt/logout",
    summary: "Ends a session.",
    json: wire.logoutRequest,
    cookie: true,
    answers: {
      "204":
        "The session has ended, or there was none. Without `session_id` the header `Session-Ended` says which it was.",
      ...FORBIDDEN,
      ...INVALID,
    },
  },
  {
    method: "post",
    path: "/revoke",
    summary: "Ends the session of a token, for programs (RFC 7009).",
    form: wire.revokeRequest,
    answers: { "200": "The token is worth nothing now, or never was.", "400": oauthErrorAnswer, ...FORBIDDEN },
  },
  {
    method: "get",
    path: "/users/me",
    summary: "Who am I?",
    bearer: true,
    answers: { "200": wire.userAnswer, ...UNAUTHORIZED },
  },
  {
    method: "patch",
    path: "/users/me",
    summary: "Changes the e-mail address, or the password: then a new session, and the end of all others.",
    bearer: true,
    json: wire.accountChangeRequest,
    answers: {
      "200": z.union([userWithTokens, wire.userAnswer]),
      "400": codedErrorAnswer,
      ...UNAUTHORIZED,
      ...FORBIDDEN,
      ...INVALID,
      ...LIMITED,
    },
  },
  {
    method: "delete",
    path: "/users/me",
    summary: "Deletes the account, and ends all of its sessions.",
    bearer: true,
    json: wire.accountDeletionRequest,
    answers: {
      "204": "It is deleted.",
      "400": errorAnswer,
      ...UNAUTHORIZED,
      ...FORBIDDEN,
      ...INVALID,
      ...LIMITED,
    },
  },
  {
    method: "get",
    path: "/sessions",
    summary: "The subject's live sessions.",
    bearer: true,
    answers: { "200": z.array(wire.sessionAnswer), ...UNAUTHORIZED },
  },
  {
    method: "delete",
    path: "/sessions",
    summary: "Ends all of the subject's sessions but this one.",
    bearer: true,
    answers: { "204": "They have ended.", ...UNAUTHORIZED },
  },
  {
    method: "delete",
    path: "/sessions/{id}",
    summary: "Ends one of the subject's sessions.",
    bearer: true,
    answers: { "204": "It has ended.", ...UNAUTHORIZED, "404": errorAnswer },
  },
  {
    method: "post",
    path: "/device/code",
    summary: "Begins the sign-in of a device (RFC 8628).",
    form: wire.deviceCodeRequest,
    answers: { "200": wire.deviceCodeAnswer, ...INVALID, ...LIMITED },
  },
  {
    method: "post",
    path: "/device/token",
    summary: "Asks whether the device may sign in by now.",
    form: wire.deviceTokenRequest,
    answers: { "200": wire.tokenAnswer, "400": oauthErrorAnswer, ...FORBIDDEN, ...INVALID, ...LIMITED },
  },
  {
    method: "post",
    path: "/device/lookup",
    summary: "What asks for this user code?",
    bearer: true,
    json: wire.userCodeRequest,
    answers: {
      "200": wire.deviceLookupAnswer,
      ...UNAUTHORIZED,
      "404": errorAnswer,
      "410": errorAnswer,
      ...INVALID,
      ...LIMITED,
    },
  },
  ...(["approve", "deny"] as const).map(
    (verb): Operation => ({
      method: "post",
      path: `/device/${verb}`,
      summary: verb === "approve" ? "Lets the device sign in; needs the account's password." : "Turns the device away.",
      bearer: true,
      json: wire.userCodeRequest,
      answers: {
        "204": "It was told.",
        ...UNAUTHORIZED,
        ...FORBIDDEN,
        "404": errorAnswer,
        "410": errorAnswer,
        ...INVALID,
        ...LIMITED,
      },
    }),
  ),
  {
    method: "get",
    path: "/.well-known/jwks.json",
    summary: "The public keys of access tokens.",
    answers: { "200": z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
  },
  {
    method: "get",
    path: "/health",
    summary: "Whether the server can answer.",
    answers: { "200": z.object({ status: z.literal("ok") }) },
  },
];

/** The OpenAPI 3.1 description of the server, made of the schemas that validate its requests. */
export function openApiDocument({ prefix = "/v1/auth" }: { readonly prefix?: string | undefined } = {}) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const path = (paths[`${prefix}${operation.path}`] ??= {});
    path[operation.method] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: { title: "stay-signed-in", version: "1", description: "Sessions that outlive their access tokens." },
    paths,
    components: {
      securitySchemes: {
        accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        peekKey: { type: "http", scheme: "bearer", description: "The server's option `peekKey`." },
        refreshCookie: { type: "apiKey", in: "cookie", name: "__Host-Http-refresh_token.<server>.<short session id>" },
      },
    },
  };
}

function describe({ path, summary, form, json, query = {}, bearer, cookie, peek, answers }: Operation): unknown {
  const inPath = PATH_ID.exec(path)?.slice(1) ?? [];
  const schemaOfText = { type: "string" };
  const parameters = [
    ...inPath.map((name) => ({ name, in: "path", required: true, schema: schemaOfText })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: "query", description, schema: schemaOfText })),
  ];
  const [mediaType, schema] = form ? ["application/x-www-form-urlencoded", form] : ["application/json", json];
  // Beyond what is listed, any request may be too large, or find the store busy.
  const all = { ...answers, "413": errorAnswer, "503": errorAnswer };
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(schema && {
      requestBody: { required: cookie !== true, content: { [mediaType]: { schema: jsonSchema(schema, "input") } } },
    }),
    ...(bearer && { security: [{ accessToken: [] }] }),
    ...(cookie && { security: [{ refreshCookie: [] }, {}] }),
    ...(peek && { security: [{ peekKey: [], refreshCookie: [] }] }),
    responses: Object.fromEntries(
      Object.entries(all).map(([status, answer]) => [
        status,
        typeof answer === "string"
          ? { description: answer }
          : { description: summary, content: { "application/json": { schema: jsonSchema(answer, "output") } } },
      ]),
    ),
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
