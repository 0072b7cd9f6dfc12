import { AuthError } from "../core/authError.ts";
import { createDpopProof } from "./dpopProof.ts";
import type { LoadSessionKey } from "./sessionKey.ts";

type Fetch = typeof globalThis.fetch;

/** Gives `fetch` a proof of the key with each request; where there is no key, requests go as they are. */
export type Prover = (fetch: Fetch, loadKey: LoadSessionKey) => Fetch;

/** Proofs for one server, whose last nonce is remembered, so that only the first request may have to be sent again. */
export function createProver(): Prover {
  let nonce: string | null = null;

  return (fetch, loadKey) => async (input, init) => {
    const key = await loadKey();
    if (key === null) return fetch(input, init);
    const request = input instanceof Request ? input : null;
    // A backend's addresses may count from the page.
    const url = new URL(request?.url ?? (input as string | URL), globalThis.location?.href).href;
    const method = init?.method ?? request?.method ?? "GET";
    const send = async (): Promise<Response> => {
      const headers = new Headers(init?.headers ?? request?.headers);
      headers.set("DPoP", await createDpopProof(key, { method, url, nonce }));
      const response = await fetch(request?.clone() ?? input, { ...init, headers });
      nonce = response.headers.get("DPoP-Nonce") ?? nonce;
      return response;
    };
    const response = await send();
    const refusal = await readRefusal(response);
    if (refusal === "invalid_dpop_proof") {
      throw new AuthError(
        "badResponse",
        "The server refused the proof of this client's key: its own address is another one. Set the server's `publicUrl`.",
        { status: 400 },
      );
    }
    // With the nonce that the server asks for (RFC 9449 §8). Once: a second refusal is its answer.
    return refusal === "use_dpop_nonce" ? send() : response;
  };
}

async function readRefusal(response: Response): Promise<unknown> {
  if (response.status !== 400) return null;
  try {
    return ((await response.clone().json()) as { error?: unknown } | null)?.error;
  } catch {
    return null;
  }
}
