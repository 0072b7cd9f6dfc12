import { type ReactElement, useState } from "react";
import { parseClaims } from "../core/claims.ts";
import { useAccessToken } from "../react/useAccessToken.ts";
import { maskToken } from "./maskToken.ts";
import { useNow } from "./useNow.ts";

/** The token in use: masked, with the rest of its life, and copied only on purpose. */
export function TokenSection(): ReactElement {
  const token = useAccessToken();
  const now = useNow(250);
  const [copiedToken, setCopiedToken] = useState<string | null>(null);
  if (token === null) return <p className="stay-quiet">No access token.</p>;

  const claims = parseClaims(token);
  const remaining = remainingLife(claims?.issuedAt ?? null, claims?.expiresAt ?? null, now / 1000);
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
        <button type="button" onClick={copy}>
          {copiedToken === token ? "Copied" : "Copy token"}
        </button>
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
          <pre>{JSON.stringify(claims.shown, null, 2)}</pre>
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
