/** Where an address leads, as far as tokens are concerned. */
export interface Address {
  readonly origin: string;
  readonly path: string;
  readonly query: string;
}

const bare = /^(https?:\/\/[^/?#\\@\s]+)(?![^/?#])(\/[^?#]*)?(\?[^#]*)?/i;

/** What relative addresses of a page count from. */
export const pageBase = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href;

/**
 * Reads an address as `fetch` would; undefined is one that does not parse, leads elsewhere than to http, or names a user: a blob:
 * URL has its creator's origin, and `user:password@` is the caller's own way to say who is asking.
 */
export function readAddress(address: string, base?: string): Address | undefined {
  try {
    const url = new URL(address, base);
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) return undefined;
    return { origin: url.origin, path: url.pathname, query: url.search };
  } catch {
    // React Native has a URL whose parts throw.
    const [, origin, path = "/", query = ""] = bare.exec(address) ?? [];
    return origin ? { origin: origin.toLowerCase(), path, query } : undefined;
  }
}
