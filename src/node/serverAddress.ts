import { AuthError } from "../core/authError.ts";

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);

/**
 * The address of the auth endpoints in its one spelling: what sessions are filed under, so that a token goes to the address
 * that issued it and to no other.
 *
 * @throws AuthError `invalidOptions` for plain http to another machine without `dangerouslyAllowHttp`, for an address with a
 *   user name, query or fragment, and for what is no address.
 */
export function parseServerAddress(baseUrl: string, { dangerouslyAllowHttp = false } = {}): string {
  const refuse = (why: string): AuthError => new AuthError("invalidOptions", `The address of the server ${why}.`);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(baseUrl);
  if (!hasScheme || !URL.canParse(baseUrl)) {
    throw refuse("is no absolute address; it looks like https://api.example/v1/auth, or http://localhost:3000/v1/auth");
  }
  const url = new URL(baseUrl);
  if (url.username !== "" || url.password !== "") throw refuse("holds a user name or a password; leave them out");
  if (url.search !== "" || url.hash !== "") throw refuse("holds a query or a fragment; leave them out");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse("must begin with https://, or with http:// on this machine");
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !dangerouslyAllowHttp) {
    throw refuse(
      "is plain http on another machine: everybody on the way could read the tokens. Use https, or the option " +
        "dangerouslyAllowHttp (--dangerously-allow-http) on a network that you trust",
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
