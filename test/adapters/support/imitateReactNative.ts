import { vi } from "vitest";

/**
 * Globals as React Native brings them: less of a web than anything else that calls itself one. `vi.unstubAllGlobals` ends it.
 * The parts of a URL throw for what runs in the app alone, since the server is in the same process.
 */
export function imitateReactNative(): void {
  const NodeUrl = globalThis.URL;
  const NodeController = globalThis.AbortController;

  class BareUrl extends NodeUrl {}
  for (const part of ["origin", "protocol", "host", "hostname", "pathname", "search", "username", "password"] as const)
    Object.defineProperty(BareUrl.prototype, part, {
      get(this: URL) {
        const caller = new Error("Who reads it?").stack?.split("\n")[2];
        if (/\/src\/(adapters|core|browser|native)\//.test(caller ?? ""))
          throw new Error(`URL.${part} is not implemented`);
        return Reflect.get(NodeUrl.prototype, part, this) as string;
      },
    });

  // Its signals know neither reasons nor throwIfAborted.
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
  for (const missing of ["BroadcastChannel", "document", "location", "localStorage", "window"])
    vi.stubGlobal(missing, undefined);
  vi.stubGlobal("navigator", { product: "ReactNative" });
}
