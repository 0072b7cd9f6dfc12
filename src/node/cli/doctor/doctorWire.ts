/** One request of the examination. */
export interface Probe {
  readonly method: string;
  readonly url: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the cookies that were set so far go along. Default: true. */
  readonly cookies?: boolean;
}

/** What came of it. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON, or undefined. */
  readonly body: unknown;
  readonly cookies: readonly SetCookie[];
}

/** A `Set-Cookie` line, taken apart. RFC 6265 §5.2. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** By lower-case name; an attribute without a value is an empty text. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Sends what the examination asks, with the cookies of one browser. */
export function createDoctorWire({
  fetch,
  signal,
}: {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
}) {
  const jar = new Map<string, string>();

  return {
    /** What a browser would send next; handed back by {@link restore}. */
    snapshot: (): ReadonlyMap<string, string> => new Map(jar),
    restore(cookies: ReadonlyMap<string, string>): void {
      jar.clear();
      for (const [name, value] of cookies) jar.set(name, value);
    },
    async send({ method, url, json, form, headers = {}, cookies = true }: Probe): Promise<ProbeAnswer> {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const body =
        form !== undefined ? new URLSearchParams(form) : json !== undefined ? JSON.stringify(json) : undefined;
      const response = await fetch(url, {
        method,
        redirect: "manual",
        headers: {
          Accept: "application/json",
          ...(json !== undefined && { "Content-Type": "application/json" }),
          ...(cookies && cookie !== "" && { Cookie: cookie }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        ...(signal !== undefined && { signal }),
      });
      const text = await response.text();
      const set = response.headers.getSetCookie().map(parseSetCookie);
      for (const { name, value, attributes } of set) {
        if (value === "" || attributes.get("max-age") === "0") jar.delete(name);
        else jar.set(name, value);
      }
      return { status: response.status, headers: response.headers, body: parseJson(text), cookies: set };
    },
  };
}

export type DoctorWire = ReturnType<typeof createDoctorWire>;

export const isSuccess = ({ status }: ProbeAnswer): boolean => status >= 200 && status < 300;

function parseSetCookie(line: string): SetCookie {
  const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
  const cut = pair.indexOf("=");
  const attributes = rest.map((part): [string, string] => {
    const [name = "", value = ""] = part.split("=");
    return [name.toLowerCase(), value];
  });
  return { name: pair.slice(0, cut), value: pair.slice(cut + 1), attributes: new Map(attributes) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
