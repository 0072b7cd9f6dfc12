import type { Context } from "hono";
import { canonicalAddress } from "./networkAddress.ts";
import type { VisitorRequest } from "./serverSession.ts";
import type { AddressMatcher } from "./trustedProxies.ts";

/** What may come as the second argument of `app.fetch`; @hono/node-server fills `incoming`. All of it is optional. */
export interface AuthServerEnvironment {
  /** Node's own request; its address is the client's. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } | undefined } | undefined;
  /**
   * For a server that runs inside a page (stories, demos), where scripts can neither set these request headers nor read
   * `Set-Cookie`. It comes from the program that embeds the server, never over the network.
   */
  readonly inPage?: InPageTransport | undefined;
}

/** The headers that a page's script cannot set or read, handed over beside the request. */
export interface InPageTransport {
  /** The header `Cookie`. */
  readonly cookie?: string | undefined;
  /** The header `Origin`. */
  readonly origin?: string | undefined;
  /** The header `Sec-Fetch-Site`. */
  readonly secFetchSite?: string | undefined;
  /** Receives each `Set-Cookie` header of the answer. */
  readonly onSetCookie?: ((header: string) => void) | undefined;
}

/** The types of the Hono app's environment. */
export interface HonoEnvironment {
  /** What comes as the second argument of `app.fetch`. */
  Bindings: AuthServerEnvironment;
}

/** Everything about a request that a rule looks at, read in one place. */
export interface RequestFacts {
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly cookie: string | undefined;
  /** `https:` or `http:`, as the browser saw it. */
  readonly scheme: string;
  /** Host and port, as the browser saw them. */
  readonly host: string;
  readonly bearer: string | undefined;
  readonly wantsBodyTransport: boolean;
  /** A proof that the client holds a key, RFC 9449. */
  readonly dpop: string | undefined;
  /** The client's address in its one spelling; {@link UNKNOWN_ADDRESS} where the runtime does not tell. */
  readonly address: string;
  readonly userAgent: string | null;
  readonly onSetCookie: ((header: string) => void) | undefined;
}

/** Stands for all clients together. */
export const UNKNOWN_ADDRESS = "unknown";

const MAX_USER_AGENT_LENGTH = 256;
const MAX_ADDRESS_LENGTH = 64;

/** A text that is no address (a socket's path, what `clientAddress` returned) stays as it is. */
export function readAddress(text: string | undefined): string {
  if (text === undefined || text === "") return UNKNOWN_ADDRESS;
  return canonicalAddress(text) ?? text.slice(0, MAX_ADDRESS_LENGTH);
}

export function readRequestFacts(context: Context<HonoEnvironment>, isTrustedProxy: AddressMatcher): RequestFacts {
  const header = (name: string) => context.req.raw.headers.get(name) ?? undefined;
  // Hono hands on whatever the caller of `fetch` gave it, which may be nothing at all.
  const environment = context.env as AuthServerEnvironment | undefined;
  const inPage = environment?.inPage;
  const url = new URL(context.req.url);
  const peer = environment?.incoming?.socket?.remoteAddress;
  const behindProxy = peer !== undefined && isTrustedProxy(peer);
  const forwarded = (name: string) => (behindProxy ? header(name)?.split(",")[0]?.trim() : undefined);
  const authorization = header("authorization");

  return {
    origin: inPage?.origin ?? header("origin"),
    secFetchSite: inPage?.secFetchSite ?? header("sec-fetch-site"),
    cookie: inPage?.cookie ?? header("cookie"),
    scheme: forwarded("x-forwarded-proto") === "https" ? "https:" : url.protocol,
    host: [forwarded("x-forwarded-host"), header("host")].find(isHost)?.toLowerCase() ?? url.host,
    bearer: /^bearer +([^\s]+)$/i.exec(authorization ?? "")?.[1],
    wantsBodyTransport: header("auth-transport")?.toLowerCase() === "body",
    dpop: header("dpop"),
    address: readAddress(behindProxy ? clientBehindProxies(header("x-forwarded-for"), peer, isTrustedProxy) : peer),
    userAgent: header("user-agent")?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
    onSetCookie: inPage?.onSetCookie,
  };
}

/** The facts of a request that was sent to a page of this process, of which the cookie alone is looked at. */
export function readVisitorFacts({ headers, url }: VisitorRequest): RequestFacts {
  const host = headers.get("host") ?? undefined;
  const address = new URL(url ?? `http://${isHost(host) ? host : "localhost"}`);
  return {
    origin: undefined,
    secFetchSite: undefined,
    cookie: headers.get("cookie") ?? undefined,
    scheme: address.protocol,
    host: address.host,
    bearer: undefined,
    wantsBodyTransport: false,
    dpop: undefined,
    address: UNKNOWN_ADDRESS,
    userAgent: headers.get("user-agent")?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
    onSetCookie: undefined,
  };
}

/** Addresses are made of it: a text that is no host must not become one. */
function isHost(text: string | undefined): text is string {
  return text !== undefined && /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`http://${text}`);
}

/**
 * The last address that no trusted proxy has: what stands before it, anybody may have written. Where a proxy passed on what
 * is no address, the client counts as that proxy rather than as whoever it likes to be.
 */
function clientBehindProxies(forwardedFor: string | undefined, peer: string, isTrustedProxy: AddressMatcher): string {
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  const client = hops.findLast((hop) => hop !== "" && !isTrustedProxy(hop));
  return client !== undefined && canonicalAddress(client) !== null ? client : peer;
}
