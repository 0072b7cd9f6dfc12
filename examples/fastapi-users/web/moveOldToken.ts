/** Where the old code kept its token. */
const OLD_KEY = "token";

/**
 * Turns the token that the old code kept into a session, once, and forgets it. Call it before the first `auth.start()`, and
 * remove it together with the server's `/jwt/migrate`. An outage leaves the token for the next load.
 */
export async function moveOldToken(baseUrl = "/v1/auth"): Promise<void> {
  const oldToken = localStorage.getItem(OLD_KEY);
  if (oldToken === null) return;
  try {
    const { ok, status } = await fetch(`${baseUrl}/jwt/migrate`, {
      method: "POST",
      headers: { Authorization: `Bearer ${oldToken}` },
      redirect: "error",
    });
    // 401: it has run out. 404: this server moves none over (any more).
    if (ok || status === 401 || status === 404) localStorage.removeItem(OLD_KEY);
  } catch {
    // The network is down; so is everything else at the moment.
  }
}
