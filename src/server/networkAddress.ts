/** An IPv4 or IPv6 address as a number. */
export interface NetworkAddress {
  readonly bits: bigint;
  readonly width: 32 | 128;
}

/** The first 96 bits of an IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = 0xffffn;

/**
 * Reads an address in any of its spellings: with a port or a zone, in brackets, an IPv4 one mapped into IPv6. Null for a
 * text that is none.
 */
export function parseAddress(text: string): NetworkAddress | null {
  const plain = withoutPort(text.trim());
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(plain)) return parseIpv4(plain);
  const address = parseIpv6(plain.split("%")[0] ?? "");
  return address !== null && address.bits >> 32n === MAPPED_PREFIX
    ? { bits: address.bits & 0xffff_ffffn, width: 32 }
    : address;
}

/** One spelling for each address, so that limits count whoever comes by another one as the same; null for no address. */
export function canonicalAddress(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : formatAddress(address);
}

/** What limits count: an IPv4 address, or the /64 network of an IPv6 one, which is what one customer gets. */
export function addressKey(text: string): string {
  const address = parseAddress(text);
  if (address === null) return text.slice(0, 64);
  return address.width === 32 ? formatAddress(address) : formatNetwork(address, 64);
}

/** Roughly where somebody is, for people to recognise: the /24 network of an IPv4 address, the /48 of an IPv6 one. */
export function coarseAddress(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : formatNetwork(address, address.width === 32 ? 24 : 48);
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  return bracketed?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
}

function formatNetwork({ bits, width }: NetworkAddress, prefixLength: number): string {
  const rest = BigInt(width - prefixLength);
  return `${formatAddress({ bits: (bits >> rest) << rest, width })}/${prefixLength}`;
}

function formatAddress({ bits, width }: NetworkAddress): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  // Its short form, RFC 5952.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function parseIpv4(text: string): NetworkAddress | null {
  const parts = text.split(".").map(Number);
  if (parts.some((part) => part > 255)) return null;
  return { bits: parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n), width: 32 };
}

function parseIpv6(text: string): NetworkAddress | null {
  if (!text.includes(":") || !/^[0-9a-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]`)) return null;
  const [head = "", tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  return { bits: groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}

function groupsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}
