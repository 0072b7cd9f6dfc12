/** How a page and an address stand to each other, in the words of `Sec-Fetch-Site`. */
export type SiteRelation = "same-origin" | "same-site" | "cross-site";

/**
 * Compares a page's origin with `url`. Takes the last two labels of a host for its site: the public suffix list is not
 * consulted, so `a.co.uk` and `b.co.uk` count as one site.
 */
export function siteRelation(pageOrigin: string, url: string): SiteRelation {
  const page = new URL(pageOrigin);
  const target = new URL(url);
  if (page.origin === target.origin) return "same-origin";
  return page.protocol === target.protocol && siteOf(page.hostname) === siteOf(target.hostname)
    ? "same-site"
    : "cross-site";
}

/** Whether browsers treat the address as safe from eavesdroppers: https, or this machine itself. */
export function isTrustworthy(url: URL): boolean {
  return url.protocol === "https:" || isLoopback(url.hostname);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "127.0.0.1" || hostname === "[::1]"
  );
}

function siteOf(hostname: string): string {
  const isAddress = hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
  return isAddress ? hostname : hostname.split(".").slice(-2).join(".");
}
