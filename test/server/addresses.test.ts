import { describe, expect, it } from "vitest";
import { addressKey, canonicalAddress, coarseAddress } from "../../src/server/networkAddress.ts";
import { createTestServer } from "./support/testServer.ts";

const limited = (options: Parameters<typeof createTestServer>[0] = {}) =>
  createTestServer({ trustedProxies: ["10.0.0.1"], rateLimits: { guest: { points: 1, perSeconds: 60 } }, ...options });

/** The answers to one guest's start after another's, each told by the proxy to come from the next of `clients`. */
async function startGuests(server: ReturnType<typeof createTestServer>, peer: string, clients: readonly string[]) {
  const statuses: number[] = [];
  for (const client of clients) {
    const request = new Request("http://localhost/v1/auth/guest", {
      method: "POST",
      headers: { "auth-transport": "body", "x-forwarded-for": client },
    });
    const answer = await server.app.fetch(request, { incoming: { socket: { remoteAddress: peer } } });
    statuses.push(answer.status);
  }
  return statuses;
}

describe("one client counts as one", () => {
  // X05
  it.each([
    ["whatever its port", ["6.6.6.6:40001", "6.6.6.6:40002", "6.6.6.6"]],
    ["whatever its IPv6 port", ["[2001:db8::1]:40001", "[2001:db8::1]:40002", "2001:db8::1"]],
    ["in IPv4 and mapped into IPv6", ["5.5.5.5", "::ffff:5.5.5.5", "::ffff:505:505", "[::FFFF:5.5.5.5]:80"]],
    ["in any spelling of its address", ["2001:db8::1", "2001:0DB8:0:0::1", "2001:db8:0:0:0:0:0:1%eth0"]],
    ["whatever spaces and texts stand before it", ["1.1.1.1, 5.5.5.5", "2.2.2.2,5.5.5.5 ", "x, 5.5.5.5:1"]],
    ["where the proxy passed on what is no address", ["unknown", "_hidden", "5.5.5.5.5", "x y", "1.2.3.999"]],
  ])("%s", async (_, clients) => {
    const [first, ...others] = await startGuests(limited(), "10.0.0.1", clients);
    expect([first, ...new Set(others)]).toEqual([200, 429]);
  });

  it("and two clients as two", async () => {
    const clients = ["5.5.5.5", "5.5.5.6:80", "2001:db8:0:1::1", "[2001:db8:0:2::1]:443"];
    expect(await startGuests(limited(), "10.0.0.1", clients)).toEqual([200, 200, 200, 200]);
  });

  it("also when the proxy itself is known by another spelling, or the program names the address", async () => {
    expect(await startGuests(limited(), "::ffff:10.0.0.1", ["5.5.5.5", "6.6.6.6"])).toEqual([200, 200]);
    const server = limited({ clientAddress: (context) => context.req.header("x-forwarded-for") });
    expect(await startGuests(server, "10.0.0.1", ["5.5.5.5:1", "::ffff:5.5.5.5"])).toEqual([200, 429]);
  });

  it("is told to the audit hook by its one spelling", async () => {
    const server = limited();
    await startGuests(server, "10.0.0.1", ["[::ffff:5.5.5.5]:80"]);
    expect(server.events[0]).toMatchObject({ type: "guestStarted", address: "5.5.5.5" });
  });
});

describe("an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:443", "192.0.2.1"],
    ["192.000.002.001", "192.0.2.1"],
    ["::1", "::1"],
    ["[::1]:443", "::1"],
    ["fe80::1%en0", "fe80::1"],
    ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["256.1.1.1", null],
    ["1.2.3", null],
    ["1.2.3.4:x", null],
    ["2001:db8::1::2", null],
    ["12345::", null],
    ["::1]", null],
    ["localhost", null],
    ["", null],
  ])("%s is %s", (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });

  it("counts by itself in IPv4, and by its /64 network in IPv6", () => {
    expect(addressKey("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  });

  it("is told to people by its neighbourhood only", () => {
    expect(coarseAddress("203.0.113.77:9")).toBe("203.0.113.0/24");
    expect(coarseAddress("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1::/48");
    expect(coarseAddress("unknown")).toBeNull();
  });
});
