import { type ReactElement, useState } from "react";
import { parseClaims, type TokenClaims } from "../core/claims.ts";
import { useAccessToken } from "../react/useAccessToken.ts";
import { formatTime } from "./formatTime.ts";
import { isDevelopment } from "./isDevelopment.ts";
import { maskToken } from "./maskToken.ts";
import { useNow } from "./useNow.ts";

/** The token in use: masked, with the rest of its life and its claims; copied only on purpose, and never in production. */
export function TokenSection(): ReactElement {
  const token = useAccessToken();
  const now = useNow(250) / 1000;
  const [copiedToken, setCopiedToken] = useState<string | null>(null);
  if (token === null) return <p className="stay-quiet">No access token.</p>;

  const claims = parseClaims(token);
  const remaining = remainingLife(claims?.issuedAt ?? null, claims?.expiresAt ?? null, now);
  const copy = (): void => {
    navigator.clipboard.writeText(token).then(
      () => setCopiedToken(token),
      () => setCopiedToken(null),
    );
  };

  return (
    <>
      <p className="stay-row">
        <code>{maskToken(token)}</code>
        {isDevelopment() && (
          <button type="button" onClick={copy}>
            {copiedToken === token ? "Copied" : "Copy token"}
          </button>
        )}
      </p>
      {remaining === null ? (
        <p className="stay-quiet">An opaque token: its lifetime cannot be read.</p>
      ) : (
        <>
          <p>
            {remaining.seconds > 0 ? `${remaining.seconds} s left of ${remaining.lifetime} s` : "Its time has passed"}
          </p>
          <progress aria-label="Lifetime left" max={1} value={remaining.share} data-low={remaining.share < 0.2} />
        </>
      )}
      {claims !== null && (
        <details>
          <summary>Claims</summary>
          <dl className="stay-claims">
            {listClaims(claims).map(([name, value]) => (
              <div key={name}>
                <dt>
                  <code>{name}</code>
                </dt>
                <dd>{describeClaim(name, value, now)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function remainingLife(issuedAt: number | null, expiresAt: number | null, now: number) {
  if (expiresAt === null) return null;
  const lifetime = Math.max(1, Math.round(expiresAt - (issuedAt ?? now)));
  const seconds = Math.max(0, Math.ceil(expiresAt - now));
  return { lifetime, seconds, share: Math.min(1, seconds / lifetime) };
}

/** With the two moments that renewals change, which are no part of what an app is shown. */
function listClaims({ issuedAt, expiresAt, shown }: TokenClaims): [name: string, value: unknown][] {
  const moments = { iat: issuedAt, exp: expiresAt };
  return Object.entries({ ...shown, ...moments }).filter(([, value]) => value !== null);
}

const moments = ["iat", "exp", "nbf", "auth_time", "updated_at"];

function describeClaim(name: string, value: unknown, now: number): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!moments.includes(name) || typeof value !== "number") return text;
  const away = Math.round(value - now);
  return `${text} (${formatTime(value * 1000)}, ${away > 0 ? `in ${away} s` : `${-away} s ago`})`;
}
