import { describe, expect, it } from "vitest";
import { createDpopNonces } from "../../src/server/dpopNonces.ts";
import { verifyDpopProof } from "../../src/server/dpopProof.ts";
import vectors from "../vectors/dpop.json" with { type: "json" };

describe("a proof of a key (RFC 9449), by the vectors that the Python package reads as well", () => {
  const { method, url } = vectors.request;

  it.each(vectors.cases)("with $name is $verdict", async ({ proof, verdict }) => {
    const own = new URL(url);
    const result = await verifyDpopProof(proof, {
      method,
      isOwnAddress: ({ origin, pathname }) => origin === own.origin && pathname === own.pathname,
      isGoodNonce: (nonce) => nonce === vectors.nonce,
    });
    expect(result.kind).toBe(verdict);
    if (result.kind === "proved") expect(result.thumbprint).toBe(vectors.thumbprint);
  });
});

describe("the nonces of proofs", () => {
  const create = (now: () => number, secret = 1) =>
    createDpopNonces(Promise.resolve([new Uint8Array(32).fill(secret)]), 1000, now);

  it("are good for their own stretch of time and the next, on every server with the same keys", async () => {
    let now = 10_000;
    const [one, two] = [create(() => now), create(() => now)];
    const nonce = await one.current();
    for (const [moment, isGood] of [
      [9_500, true],
      [10_999, true],
      [11_999, true],
      [12_000, false],
    ] as const) {
      now = moment;
      expect([moment, await two.isGood(nonce)]).toEqual([moment, isGood]);
    }
  });

  it("cannot be made without the key", async () => {
    const nonces = create(() => 10_000);
    const foreign = await create(() => 10_000, 2).current();
    for (const forged of [
      foreign,
      "",
      "10",
      "10.",
      `10.${"A".repeat(43)}`,
      `${await nonces.current()}.x`,
      "NaN.AAAA",
    ]) {
      expect(await nonces.isGood(forged), forged).toBe(false);
    }
  });

  it("let each proof count once, and forget those that are too old", () => {
    let now = 0;
    const nonces = create(() => now);
    expect([nonces.useOnce("a"), nonces.useOnce("b"), nonces.useOnce("a")]).toEqual([true, true, false]);
    now = 10_000;
    nonces.useOnce("c");
    expect(nonces.useOnce("a")).toBe(true);
  });
});
