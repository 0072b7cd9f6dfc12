import { Agent } from "node:http";
import { Readable } from "node:stream";
import type { AxiosRequestConfig } from "axios";
import NodeFormData from "form-data";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AuthorizedRequestConfig, authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { axiosMatrix } from "./support/axiosLines.ts";
import { type ResourceServer, startResourceServer, withoutToken } from "./support/resourceServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let resource: ResourceServer;
let session: Session;
const results = new Map<string, Map<string, string>>();

beforeAll(async () => {
  resource = await startResourceServer();
});
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.stop());
afterAll(async () => {
  await resource.close();
  printTable();
});

/** Makes the token in use worthless, lets `call` run into the 401, and returns the two sends. */
async function sendTwice(call: () => Promise<unknown>) {
  const before = resource.requests.length;
  await session.passCooldown();
  resource.refuse(await session.auth.getAccessToken());
  await call();
  const [first, second, ...more] = resource.requests.slice(before);
  expect(more).toEqual([]);
  if (!first || !second) throw new Error(`Sent ${resource.requests.length - before} times, not twice`);
  return { first, second };
}

const bodies: readonly {
  name: string;
  data: () => unknown;
  headers?: Record<string, string>;
  since?: string;
  parses?: RegExp[];
}[] = [
  { name: "object", data: () => ({ a: 1, nested: { b: [2] } }) },
  { name: "array", data: () => [1, "two"] },
  { name: "JSON text", data: () => '"text"', headers: { "Content-Type": "application/json" } },
  { name: "plain text", data: () => "plain", headers: { "Content-Type": "text/plain" } },
  { name: "null", data: () => null },
  { name: "nothing", data: () => undefined },
  { name: "URLSearchParams", data: () => new URLSearchParams({ q: "a b&c", z: "ü" }) },
  { name: "Uint8Array", data: () => new Uint8Array([0, 1, 254, 255]) },
  { name: "ArrayBuffer", data: () => new Uint8Array([9, 8, 7]).buffer },
  { name: "Buffer", data: () => Buffer.from("buffered") },
  { name: "Blob", data: () => new Blob(["blob"], { type: "image/png" }), since: "1.7" },
  { name: "FormData", data: formData, since: "1.7", parses: [/name="name"\r\n\r\nAda/, /filename="a.txt"/] },
  {
    name: "FormData over a JSON default",
    data: formData,
    headers: { "Content-Type": "multipart/form-data" },
    since: "1.7",
    parses: [/name="name"\r\n\r\nAda/, /filename="a.txt"/],
  },
];

function formData(): FormData {
  const form = new FormData();
  form.append("name", "Ada");
  form.append("file", new Blob(["contents"], { type: "text/plain" }), "a.txt");
  return form;
}

describe.each(axiosMatrix)("$name", ({ name, version, create }) => {
  // B059 https://github.com/axios/axios/issues/875 · B061 https://github.com/axios/axios/issues/6240
  for (const { name: body, data, headers, since, parses } of bodies) {
    it.skipIf(since !== undefined && minorOf(version) < minorOf(since))(
      `sends a body of ${body} twice alike`,
      async () => {
        const api = create({ baseURL: `${resource.origin}/v1` });
        authorizeAxios(api, session.auth);
        const { first, second } = await sendTwice(() => api.post("/things", data(), { headers: headers ?? {} }));
        expect(withoutToken(second)).toEqual(withoutToken(first));
        for (const part of parses ?? []) expect(second.body.toString()).toMatch(part);
        record(name, body);
      },
    );
  }

  it("does not apply a transformRequest of the caller's twice", async () => {
    const api = create({
      baseURL: resource.origin,
      transformRequest: [(data: unknown) => `<${JSON.stringify(data)}>`],
      transformResponse: [(data: string) => `(${data})`],
    });
    authorizeAxios(api, session.auth);
    let answer: unknown;
    const { first, second } = await sendTwice(async () => {
      answer = (await api.put("/things", { a: 1 }, { headers: { "content-type": "text/x-own" } })).data;
    });
    expect(first.body.toString()).toBe('<{"a":1}>');
    expect(withoutToken(second)).toEqual(withoutToken(first));
    expect(answer).toBe('({"ok":true})');
  });

  // B058 https://github.com/axios/axios/issues/1628
  it.each([
    ["/api", "x"],
    ["/api/", "x"],
    ["/api", "/x"],
    ["/api/", "/x?already=1#part"],
    ["", "x"],
    ["", "/x"],
  ])("keeps the address of baseURL %j and url %j", async (base, url) => {
    const api = create({ baseURL: `${resource.origin}${base}`, params: { common: "c" } });
    authorizeAxios(api, session.auth);
    const { first, second } = await sendTwice(() => api.get(url, { params: { q: "a b", list: [1, 2] } }));
    expect(second.path).toBe(first.path);
    expect(first.path).toMatch(base === "" ? /^\/x/ : /^\/api\/x/);
  });

  it("keeps an absolute address, and one without a base", async () => {
    const api = create({ baseURL: `${resource.origin}/elsewhere` });
    authorizeAxios(api, session.auth);
    const { first, second } = await sendTwice(() => api.get(`${resource.origin}/absolute`));
    expect([first.path, second.path]).toEqual(["/absolute", "/absolute"]);
    const bare = create({});
    authorizeAxios(bare, session.auth, { allowedOrigins: [resource.origin] });
    const again = await sendTwice(() => bare.get(`${resource.origin}/bare`));
    expect(again.second.path).toBe("/bare");
  });

  it("keeps what a custom params serializer made", async () => {
    let calls = 0;
    const serialize = () => `own=${++calls}`;
    const api = create({
      baseURL: resource.origin,
      paramsSerializer: Number.parseFloat(version) < 1 ? serialize : { serialize, encode: (value: string) => value },
    });
    authorizeAxios(api, session.auth);
    const { first, second } = await sendTwice(() => api.get("/x", { params: { a: 1 } }));
    expect(first.path).toMatch(/^\/x\?(own|a)=/);
    expect(second.path.replace(/\d/, "")).toBe(first.path.replace(/\d/, ""));
  });

  // B055 https://github.com/axios/axios/issues/5064 · B222 https://github.com/axios/axios/issues/2511
  it("has exactly one Authorization header, with the new token, whatever container or letter case the headers have", async () => {
    for (const headers of [{}, { authorization: undefined }, { AUTHORIZATION: undefined, "x-own": "kept" }]) {
      const api = create({ baseURL: resource.origin });
      authorizeAxios(api, session.auth);
      const { first, second } = await sendTwice(() => api.get("/x", { headers: headers as object }));
      for (const request of [first, second])
        expect(request.rawHeaders.filter((header) => /^authorization$/i.test(header))).toHaveLength(1);
      expect(second.token).toBe(await session.auth.getAccessToken());
      expect(second.token).not.toBe(first.token);
      expect(withoutToken(second)).toEqual(withoutToken(first));
    }
  });

  it("leaves an Authorization of the caller's alone, in the request, the defaults or as basic auth", async () => {
    const own = { authorization: "Token own" };
    const cases = [
      { api: create({ baseURL: resource.origin }), config: { headers: own }, expected: "Token own" },
      { api: create({ baseURL: resource.origin, headers: { common: own } }), config: {}, expected: "Token own" },
      {
        api: create({ baseURL: resource.origin, headers: { Authorization: "Token own" } }),
        config: {},
        expected: "Token own",
      },
      {
        api: create({ baseURL: resource.origin }),
        config: { auth: { username: "a", password: "b" } },
        expected: "Basic YTpi",
      },
    ];
    resource.decide = () => ({ status: 401 });
    for (const { api, config, expected } of cases) {
      authorizeAxios(api, session.auth);
      const before = resource.requests.length;
      await expect(api.get("/own", config)).rejects.toMatchObject({ response: { status: 401 } });
      expect(resource.requests.slice(before).map(({ headers }) => headers.authorization)).toEqual([expected]);
    }
    resource.decide = null;
    expect(session.refreshCount()).toBe(0);
  });

  // B172 https://github.com/stripe/link-cli/issues/294
  it("sends any method again, with the same idempotency key", async () => {
    const api = create({ baseURL: resource.origin });
    authorizeAxios(api, session.auth);
    for (const method of ["get", "delete", "head", "options", "post", "put", "patch"] as const) {
      if (method === "options") continue;
      const { first, second } = await sendTwice(() =>
        api.request({ method, url: "/x", headers: { "Idempotency-Key": "k1" } }),
      );
      expect(second.headers["idempotency-key"]).toBe("k1");
      expect(withoutToken(second)).toEqual(withoutToken(first));
    }
  });

  it("renews but does not send again with retryOn401: false, on the request or the instance", async () => {
    const always: AuthorizedRequestConfig = { retryOn401: false };
    const api = create({ baseURL: resource.origin, ...always });
    authorizeAxios(api, session.auth);
    const refused = await session.auth.getAccessToken();
    resource.refuse(refused);
    const before = resource.requests.length;
    await expect(api.post("/x", { a: 1 })).rejects.toMatchObject({ response: { status: 401 } });
    const again: AxiosRequestConfig & AuthorizedRequestConfig = { retryOn401: true };
    await api.post("/x", { a: 1 }, again).then((answer) => expect(answer.status).toBe(200));
    expect(session.refreshCount()).toBe(1);
    expect(resource.requests.slice(before).filter(({ token }) => token === refused).length).toBeLessThanOrEqual(2);
  });

  // B062 https://github.com/axios/axios/issues/6454
  it("hands over the 401 of a body that is used up, and renews the token for the next request", async () => {
    const oneShots: Record<string, () => { data: unknown; headers?: object }> = {
      "Node stream": () => ({ data: Readable.from(["streamed"]) }),
      "form-data": () => {
        const form = new NodeFormData();
        form.append("name", "Ada");
        return { data: form, headers: form.getHeaders() };
      },
    };
    for (const [body, make] of Object.entries(oneShots)) {
      if (name.includes("fetch") && body === "form-data") continue;
      const api = create({ baseURL: resource.origin, maxRedirects: 0 });
      authorizeAxios(api, session.auth);
      await session.passCooldown();
      resource.refuse(await session.auth.getAccessToken());
      const before = resource.requests.length;
      const { data, headers } = make();
      const failure = await api.post("/upload", data, { headers: { ...headers } }).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        isAxiosError: true,
        response: { status: 401, data: { detail: "Unauthorized" } },
      });
      expect(resource.requests.length - before).toBe(1);
      await expect(api.get("/next")).resolves.toMatchObject({ status: 200 });
      record(name, `${body} (sent once)`);
    }
  });

  it("keeps responseType, and lets go of a refused answer's stream", async () => {
    const api = create({ baseURL: resource.origin });
    authorizeAxios(api, session.auth);
    const answers: unknown[] = [];
    await sendTwice(async () => {
      answers.push((await api.get("/x", { responseType: "arraybuffer" })).data);
    });
    expect(Buffer.from(answers[0] as ArrayBuffer).toString()).toBe('{"ok":true}');
    const { second } = await sendTwice(async () => {
      // One connection: a refused answer that nobody reads would keep the second send waiting for ever.
      const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
      const { data } = await api.get("/x", { responseType: "stream", httpAgent });
      let text = "";
      for await (const chunk of data) text += Buffer.from(chunk).toString();
      answers.push(text);
    });
    expect(second.method).toBe("GET");
    expect(answers[1]).toBe('{"ok":true}');
  });
});

/** Comparable: 1.21 is later than 1.7. */
function minorOf(version: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 1_000 + minor;
}

function record(column: string, row: string): void {
  const line = results.get(row) ?? new Map<string, string>();
  results.set(row, line.set(column, "yes"));
}

/** What was sent twice alike, as a table: the outcome of this file at a glance. */
function printTable(): void {
  const columns = axiosMatrix.map(({ name }) => name);
  const lines = [...results].map(
    ([row, line]) => `| ${row} | ${columns.map((column) => line.get(column) ?? "–").join(" | ")} |`,
  );
  process.stdout.write(
    [`\n| body | ${columns.join(" | ")} |`, `| --- |${" --- |".repeat(columns.length)}`, ...lines, ""].join("\n"),
  );
}
