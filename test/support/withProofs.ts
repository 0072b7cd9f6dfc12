import { createProver } from "../../src/bound/createProver.ts";
import type { createTabs } from "../../src/testing/createTabs.ts";

type App = Parameters<typeof createTabs>[1]["app"];

/** Proves the browser's key at the door of the server: simulated time stands still there while a real key signs. */
export async function withProofs(app: App): Promise<App> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const key = { privateKey: pair.privateKey, jwk: { kty, crv, x, y } };
  const prove = createProver();
  return {
    fetch(request: Request, ...rest: unknown[]) {
      const send: typeof fetch = async (input, init) => app.fetch(new Request(input, init), ...(rest as []));
      return prove(send, async () => key)(request);
    },
  };
}
