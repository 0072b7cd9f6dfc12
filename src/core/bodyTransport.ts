/** One call in the body transport: what it presented and what came back. PROTOCOL, "Two transports". */
export interface BodyExchange {
  /** Sends with `Auth-Transport: body`, and with the refresh token in a JSON body where one is presented. */
  readonly fetch: typeof globalThis.fetch;
  /** The refresh token of the answer, or null. */
  receivedRefreshToken(): string | null;
  /** Whether the server took note of a proof of a key: it then says its nonce. RFC 9449 §8.2. */
  isProofRead(): boolean;
  /** Wall-clock milliseconds: an access token is never older than its request. */
  sentAt(): number;
}

function readRefreshToken(text: string): string | null {
  try {
    const body: unknown = JSON.parse(text);
    const token = typeof body === "object" && body !== null && "refresh_token" in body ? body.refresh_token : null;
    return typeof token === "string" && token !== "" ? token : null;
  } catch {
    return null;
  }
}

function addRefreshToken(body: RequestInit["body"], refreshToken: string): string {
  const fields: unknown = typeof body === "string" && body !== "" ? JSON.parse(body) : {};
  return JSON.stringify({ ...(fields as object), refresh_token: refreshToken });
}

/** Wraps the fetch of one call to the server. `refreshToken` null presents none: a sign-in. */
export function openBodyExchange(
  fetch: typeof globalThis.fetch,
  refreshToken: string | null,
  now: () => number,
): BodyExchange {
  let received: string | null = null;
  let isProofRead = false;
  let sentAt = now();
  return {
    receivedRefreshToken: () => received,
    isProofRead: () => isProofRead,
    sentAt: () => sentAt,
    async fetch(input, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("Auth-Transport", "body");
      if (refreshToken !== null) headers.set("Content-Type", "application/json");
      sentAt = now();
      const response = await fetch(input, {
        ...init,
        headers,
        ...(refreshToken === null ? {} : { body: addRefreshToken(init.body, refreshToken) }),
      });
      isProofRead = response.headers.has("DPoP-Nonce");
      if (response.ok) {
        // Whoever reads the answer itself meets the same failure and says what it means.
        received = readRefreshToken(
          await response
            .clone()
            .text()
            .catch(() => ""),
        );
      }
      return response;
    },
  };
}
