import { vi } from "vitest";

/** Globals as React Native brings them: less of a web than anything else that calls itself one. `vi.unstubAllGlobals` ends it. */
export function imitateReactNative(): void {
  const NodeUrl = globalThis.URL;
  const NodeController = globalThis.AbortController;

  // Parts of its URL throw; it validates nothing.
  class BareUrl {
    readonly href: string;
    constructor(address: string, base?: string) {
      this.href = base === undefined ? String(address) : new NodeUrl(address, base).href;
      if (base === undefined && !/^[a-z]/i.test(this.href)) throw new TypeError("Invalid base URL");
    }
    toString(): string {
      return this.href;
    }
  }
  for (const part of [
    "origin",
    "protocol",
    "host",
    "hostname",
    "port",
    "pathname",
    "search",
    "hash",
    "username",
    "password",
  ])
    Object.defineProperty(BareUrl.prototype, part, {
      get() {
        throw new Error(`URL.${part} is not implemented`);
      },
    });

  // Its signals know neither reasons nor throwIfAborted, and cannot be joined.
  class BareController {
    readonly #real = new NodeController();
    constructor() {
      for (const name of ["reason", "throwIfAborted"])
        Object.defineProperty(this.#real.signal, name, { value: undefined });
    }
    get signal(): AbortSignal {
      return this.#real.signal;
    }
    abort(): void {
      this.#real.abort();
    }
  }
  vi.stubGlobal("URL", BareUrl);
  vi.stubGlobal("AbortController", BareController);
  vi.stubGlobal("AbortSignal", class BareSignal {});
  for (const missing of [
    "ReadableStream",
    "BroadcastChannel",
    "FinalizationRegistry",
    "document",
    "location",
    "DOMException",
  ])
    vi.stubGlobal(missing, undefined);
  vi.stubGlobal("navigator", { product: "ReactNative" });
}
