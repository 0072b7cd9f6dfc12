import { OptionsError } from "./optionsError.ts";

export type AddressMatcher = (address: string) => boolean;

interface Network {
  readonly bits: bigint;
  readonly prefixLength: number;
  readonly width: 32 | 128;
}

/**
 * Whether an address is one of `proxies`: addresses or CIDR blocks, IPv4 or IPv6.
 * @throws OptionsError for a text that is neither.
 */
export function createAddressMatcher(proxies: readonly string[]): AddressMatcher {
  const networks = proxies.map((proxy): Network => {
    const [addressText = "", lengthText, ...rest] = proxy.split("/");
    const address = parseAddress(addressText);
    const prefixLength = lengthText === undefined ? address?.width : Number(lengthText);
    const isLength = prefixLength !== undefined && Number.isInteger(prefixLength) && prefixLength >= 0;
    if (address === null || rest.length > 0 || lengthText === "" || !isLength || prefixLength > address.width) {
      throw new OptionsError(`\`trustedProxies\` takes addresses and CIDR blocks ("10.0.0.0/8"), not "${proxy}".`);
    }
    return { ...address, prefixLength };
  });

  return (text) => {
    const address = parseAddress(text);
    if (address === null) return false;
    return networks.some(({ bits, prefixLength, width }) => {
      const shift = BigInt(width - prefixLength);
      return width === address.width && bits >> shift === address.bits >> shift;
    });
  };
}

/** What limits count: an IPv4 address, or the /64 network of an IPv6 one, which is what one customer gets. */
export function addressKey(text: string): string {
  const address = parseAddress(text);
  if (address === null) return text.slice(0, 64);
  return address.width === 32 ? text : `${(address.bits >> 64n).toString(16)}::/64`;
}

function parseAddress(text: string): { readonly bits: bigint; readonly width: 32 | 128 } | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  const plain = mapped?.[1] ?? text;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(plain)) {
    const parts = plain.split(".").map(Number);
    if (parts.some((part) => part > 255)) return null;
    return { bits: parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n), width: 32 };
  }
  return parseIpv6(plain.split("%")[0] ?? "");
}

function parseIpv6(text: string): { readonly bits: bigint; readonly width: 128 } | null {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill("0"), ...tail];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return { bits: groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}
