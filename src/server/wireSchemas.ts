import { z } from "zod";
import { displayText } from "./displayText.ts";

// The one description of what comes in: it validates requests and is what the OpenAPI document is made of.

export const registerRequest = z.object({
  email: z.email().max(320),
  password: z.string(),
});

export const loginRequest = z.object({
  username: z.string().min(1).max(320),
  password: z.string().min(1),
  /** "Remember me": without it the session ends with the browser. */
  persistent: z
    .enum(["true", "false"])
    .default("true")
    .transform((text) => text === "true"),
});

/** `response` is whatever the app's own check understands. */
export const challengeRequest = z.object({ token: z.string().max(4096), response: z.unknown() });

export const challengeAnswer = z.object({
  challenge: z.looseObject({ token: z.string(), expires_in: z.int(), methods: z.array(z.string()) }),
});

export const refreshRequest = z.object({ refresh_token: z.string().nullish() });

export const logoutRequest = z.object({
  refresh_token: z.string().nullish(),
  session_id: z.string().nullish(),
});

/** RFC 7009 §2.1. Without a token the answer is of that RFC, too. */
export const revokeRequest = z.object({ token: z.string().optional(), token_type_hint: z.string().optional() });

export const accountChangeRequest = z
  .object({
    email: registerRequest.shape.email.optional(),
    password: z.string().optional(),
    current_password: z.string().nullish(),
  })
  .refine(({ email, password }) => email !== undefined || password !== undefined, "`email` or `password` is missing.");

export const accountDeletionRequest = z.object({ current_password: z.string().nullish() });

/** It becomes a heading for who approves, so nothing in it may look like something else. */
const clientId = z.string().max(128).transform(displayText).pipe(z.string().min(1));

export const deviceCodeRequest = z.object({ client_id: clientId });

export const deviceTokenRequest = z.object({
  grant_type: z.string(),
  device_code: z.string(),
  client_id: z.string().transform(displayText),
});

export const userCodeRequest = z.object({ user_code: z.string().max(64), password: z.string().nullish() });

export const userAnswer = z.object({
  id: z.string(),
  email: z.string().nullable(),
  is_active: z.boolean(),
  is_superuser: z.boolean(),
  is_verified: z.boolean(),
  is_guest: z.boolean(),
});

export const tokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal("bearer"),
  expires_in: z.int(),
  session: z.object({ id: z.string(), number: z.int(), expires_in: z.int(), ends_in: z.int() }),
  subject: z.string(),
  refresh_token: z.string().optional(),
});

/** The answer to a refresh that was asked for as `optional` and carries no refresh token. */
export const missingAnswer = z.object({ access_token: z.null(), detail: z.literal("REFRESH_TOKEN_MISSING") });

export const sessionAnswer = z.object({
  id: z.string(),
  created_at: z.iso.datetime(),
  last_refreshed_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  user_agent: z.string().nullable(),
  client_name: z.string().nullable(),
  method: z.string().nullable(),
  bound: z.boolean(),
  current: z.boolean(),
});

export const deviceCodeAnswer = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
});

export const deviceLookupAnswer = z.object({
  client_name: z.string(),
  created_at: z.iso.datetime(),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
});
