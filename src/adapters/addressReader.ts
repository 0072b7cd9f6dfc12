/** Where an address leads, as far as tokens are concerned. */
export interface Address {
  readonly origin: string;
  readonly path: string;
  readonly query: string;
}

// What a URL parser takes as it stands: nothing to strip, decode, resolve or spell anew.
const plain = /^(https?:\/\/[a-z\d.-]*[a-z](?::(?!0|80\b|443\b)\d+)?)?(\/(?!\/)[^?#]*)?(\?[^#]*)?(?:#|$)/;
const odd = /[\\\s%]|\/\./;
const loose = /^(https?:\/\/[^/?#\\@\s]+)(\/[^?#]*)?(\?[^#]*)?/i;

/**
 * Reads addresses as `fetch` would, relative ones from `base`; undefined is one that does not parse, leads elsewhere than to
 * http, or names a user: a blob: URL has its creator's origin, and `user:password@` is the caller's own way to say who is asking.
 */
export function createAddressReader(
  base: () => string | undefined = pageBase,
): (address: string) => Address | undefined {
  let lastContext: string | undefined;
  let contextOrigin: string | undefined;

  return (address) => {
    const [, origin, path = "", query = ""] = (odd.test(address) ? null : plain.exec(address)) ?? [];
    if (origin) return { origin, path: path || "/", query };
    const context = base();
    if (!path || !context) return parse(address, context);
    if (context !== lastContext) {
      lastContext = context;
      contextOrigin = parse(context)?.origin;
    }
    return contextOrigin ? { origin: contextOrigin, path, query } : undefined;
  };
}

/** What relative addresses of a page count from. */
function pageBase(): string | undefined {
  return globalThis.document?.baseURI ?? globalThis.location?.href;
}

function parse(address: string, base?: string): Address | undefined {
  try {
    const url = new URL(address, base);
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) return undefined;
    return { origin: url.origin, path: url.pathname, query: url.search };
  } catch {
    // React Native has a URL whose parts throw.
    const [, origin, path = "/", query = ""] = loose.exec(address) ?? [];
    return origin ? { origin: origin.toLowerCase(), path, query } : undefined;
  }
}
