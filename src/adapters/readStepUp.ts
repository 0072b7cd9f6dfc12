import type { StepUp } from "../core/authClient.ts";

/** What a `WWW-Authenticate` asks for with `error="insufficient_user_authentication"`; undefined when it does not. RFC 9470 §3. */
export function readStepUp(challenge: string | null | undefined): StepUp | undefined {
  if (!challenge || !/\berror\s*=\s*"?insufficient_user_authentication\b/i.test(challenge)) return undefined;
  const maxAge = /\bmax_age\s*=\s*"?(\d+)/i.exec(challenge)?.[1];
  const acrValues = /\bacr_values\s*=\s*(?:"([^"]*)"|([^\s,"]+))/i.exec(challenge);
  return {
    maxAgeSeconds: maxAge === undefined ? null : Number(maxAge),
    acrValues: (acrValues?.[1] ?? acrValues?.[2] ?? "").split(/\s+/).filter(Boolean),
  };
}
