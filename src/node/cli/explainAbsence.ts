import { AuthError, isAuthError } from "../../core/authError.ts";

const ENDPOINTS = "/v1/auth";
const ABSENT: readonly unknown[] = [404, 405, 501];
const REFUSALS: readonly number[] = [400, 401, 403, 422, 429];

/**
 * Tells a wrong address from a server that lacks something: where the answer says that there is no such endpoint, asks whether
 * there are any at that address, and names the one where there are.
 */
export async function explainAbsence(
  error: unknown,
  address: string,
  fetch: typeof globalThis.fetch,
): Promise<unknown> {
  if (!isAuthError(error) || !(ABSENT.includes(error.status) || error.code === "badResponse")) return error;
  if (await answers(address, fetch)) return error;
  const { origin, pathname } = new URL(address);
  const candidates = [`${origin}${pathname.replace(/\/$/, "")}${ENDPOINTS}`, `${origin}${ENDPOINTS}`];
  for (const candidate of new Set(candidates)) {
    if (candidate === address || !(await answers(candidate, fetch))) continue;
    return new AuthError(
      "invalidOptions",
      `There are no auth endpoints at ${address}, but at ${candidate}. Use --url ${candidate}`,
      {
        cause: error,
      },
    );
  }
  if (error.code === "badResponse" && !ABSENT.includes(error.status)) return error;
  const usual = `They usually stand at an address like ${origin}${ENDPOINTS}.`;
  return new AuthError(
    "invalidOptions",
    `There are no auth endpoints at ${address} (status ${error.status}). ${usual}`,
    {
      cause: error,
    },
  );
}

/** Whether one of the two endpoints that every server has turns away whoever brings no token. */
async function answers(address: string, fetch: typeof globalThis.fetch): Promise<boolean> {
  const ask = async (path: string, init: RequestInit): Promise<boolean> => {
    try {
      const signal = AbortSignal.timeout(5_000);
      return REFUSALS.includes((await fetch(`${address}${path}`, { ...init, redirect: "manual", signal })).status);
    } catch {
      return false;
    }
  };
  return (await ask("/users/me", {})) || ask("/jwt/refresh", { method: "POST", headers: { "Auth-Transport": "body" } });
}
