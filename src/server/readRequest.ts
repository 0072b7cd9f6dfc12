import type { Context } from "hono";
import type { z } from "zod";
import type { HonoEnvironment } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";

/** A JSON object, or nothing at all, which is read as `{}`. @throws RequestRefusedError 422. */
export async function readJson<S extends z.ZodType>(context: Context<HonoEnvironment>, schema: S): Promise<z.infer<S>> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw unprocessable([{ path: [], message: "JSON decode error", code: "json_invalid" }]);
  }
  return validated(schema, value);
}

/** `application/x-www-form-urlencoded`, as OAuth 2.0 forms are. @throws RequestRefusedError 422. */
export async function readForm<S extends z.ZodType>(context: Context<HonoEnvironment>, schema: S): Promise<z.infer<S>> {
  return validated(schema, Object.fromEntries(new URLSearchParams(await context.req.text())));
}

function validated<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw unprocessable(result.error.issues);
  return result.data;
}

/** FastAPI's shape, but without `input`: that may be the password. */
function unprocessable(
  issues: readonly {
    readonly path: readonly PropertyKey[];
    readonly message: string;
    readonly code?: string | undefined;
  }[],
): RequestRefusedError {
  return new RequestRefusedError(
    422,
    issues.map(({ path, message, code }) => ({
      loc: ["body", ...path.map(String)],
      msg: message,
      type: code ?? "invalid",
    })),
  );
}
