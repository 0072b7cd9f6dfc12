import { parseAddress } from "./networkAddress.ts";
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
