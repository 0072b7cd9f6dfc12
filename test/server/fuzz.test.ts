import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/server/openApiDocument.ts";
import { startProgram } from "./support/page.ts";
import {
  createTestServer,
  openSignedInPage,
  PASSWORD,
  register,
  signIn,
  type TestServer,
} from "./support/testServer.ts";

/** `SOAK=1`: 60,000 inputs; by default what takes a few seconds. */
const RUNS = process.env.SOAK === "1" ? 30_000 : 1500;
const TIME_OUT_MS = process.env.SOAK === "1" ? 1_800_000 : 60_000;

/** Who is asked for a second factor. */
const CAREFUL = "carol@example.org";

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly mediaType: string | undefined;
  readonly schema: JsonSchema | undefined;
  readonly statuses: readonly string[];
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

interface Described {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

const operations: readonly Operation[] = Object.entries(openApiDocument().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => {
    const { requestBody, responses } = described as Described;
    const [[mediaType, content] = []] = Object.entries(requestBody?.content ?? {});
    return { method: method.toUpperCase(), path, mediaType, schema: content?.schema, statuses: Object.keys(responses) };
  }),
);

/** Not by String(): an object may say that its `toString` is something else. */
const toForm = (fields: object): string =>
  new URLSearchParams(
    Object.entries(fields).map(([name, part]) => [name, typeof part === "string" ? part : JSON.stringify(part)]),
  ).toString();

describe("whatever is sent", () => {
  let server: TestServer;
  let secrets: {
    readonly cookie: string;
    readonly bodyToken: string;
    readonly accessToken: string;
    readonly challenge: string;
  };

  beforeAll(async () => {
    server = createTestServer({
      secondFactor: {
        challenge: ({ email }) => (email === CAREFUL ? { methods: ["totp"] } : null),
        verify: (_, response) => response === PASSWORD && { amr: ["otp"] },
      },
    });
    await register(startProgram(server), CAREFUL);
    secrets = await makeSecrets();
  });

  let sent = 0;

  /** Anew from time to time, under other addresses: what is sent now and then signs out or deletes. */
  async function makeSecrets(): Promise<typeof secrets> {
    const { page, token } = await openSignedInPage(server, `ada${sent}@example.org`);
    const program = startProgram(server);
    await register(program, `bob${sent}@example.org`);
    const body = await signIn(program, `bob${sent}@example.org`);
    const asked = await program.send("POST", "/jwt/login", { form: { username: CAREFUL, password: PASSWORD } });
    const { challenge } = asked.body as { challenge: { token: string } };
    const cookie = [...page.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    return {
      cookie,
      bodyToken: body.refresh_token ?? "",
      accessToken: token.access_token,
      challenge: challenge.token,
    };
  }

  /** A text, now and then a real secret, whole or with something changed, added or cut off. */
  const textFrom = (choose: () => string) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant("").map(choose) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.nat(400), fc.nat(400), fc.string({ unit: "grapheme-ascii", maxLength: 8 }))
          .map(([from, cut, put]) => {
            const text = choose();
            const at = from % (text.length + 1);
            return text.slice(0, at) + put + text.slice(at + (cut % 20));
          }),
      },
      { weight: 2, arbitrary: fc.string({ maxLength: 60 }) },
    );
  const anySecret = fc
    .constantFrom("bodyToken", "accessToken", "cookie", "challenge")
    .chain((name) => textFrom(() => secrets[name as keyof typeof secrets]));
  /** What `Headers` takes at all; anything else never reaches the server. */
  const headerText = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").trim();

  const headers = fc
    .record(
      {
        origin: fc.oneof(fc.constantFrom("http://localhost", "https://evil.example", "null", ""), fc.webUrl()),
        "sec-fetch-site": fc.constantFrom("same-origin", "same-site", "cross-site", "none", "?"),
        cookie: textFrom(() => secrets.cookie),
        authorization: fc.oneof(
          textFrom(() => `Bearer ${secrets.accessToken}`),
          fc.constantFrom("Bearer", "Basic eDp5", "bearer  "),
        ),
        "auth-transport": fc.constantFrom("body", "BODY", "cookie", ""),
        "content-type": fc.constantFrom(
          "application/json",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "text/plain",
          "?",
        ),
        "x-forwarded-for": fc.string({ maxLength: 40 }),
        host: fc.constantFrom("localhost", "[::1]", "evil.example:99999", "a b", ""),
        "user-agent": fc.string({ maxLength: 600 }),
      },
      { requiredKeys: [] },
    )
    .map((record) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, headerText(value)])));

  async function send(
    method: string,
    path: string,
    init: Record<string, string>,
    body?: string | Uint8Array<ArrayBuffer>,
  ) {
    sent += 1;
    if (sent % 25 === 0) secrets = await makeSecrets();
    const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
    const response = await server.app.fetch(
      new Request(`http://localhost${path}`, { method, headers: init, ...(hasBody && { body }) }),
    );
    return { status: response.status, text: await response.text() };
  }

  function expectHarmless({ status, text }: { status: number; text: string }): void {
    expect(status, text).toBeLessThan(500);
    expect(server.errors).toEqual([]);
    const said = (status >= 400 ? text : "") + JSON.stringify(server.events);
    for (const secret of [
      PASSWORD,
      secrets.bodyToken,
      secrets.accessToken,
      secrets.challenge,
      secrets.cookie.split("=")[1] ?? "",
    ]) {
      expect(said.includes(secret), said).toBe(false);
    }
    server.events.length = 0;
  }

  it(
    "as bytes to any path with any headers: no 5xx, no secret in an error or an event",
    async () => {
      const paths = [
        ...operations.map(({ path }) => path),
        "/v1/auth/jwt/refresh?optional=1",
        "/v1/auth/jwt/../x",
        "/v1/auth/",
        "/v1/auth/sessions/%00",
        "/",
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD"),
          fc.oneof(
            fc.constantFrom(...paths),
            fc.webPath().map((path) => `/v1/auth${path}`),
          ),
          headers,
          fc.oneof(
            fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
            fc.json({ maxDepth: 3 }),
            anySecret.map((text) => JSON.stringify({ refresh_token: text, session_id: text, token: text })),
            anySecret,
          ),
          async (method, path, sentHeaders, body) => expectHarmless(await send(method, path, sentHeaders, body)),
        ),
        { numRuns: RUNS, seed: 20_261_125 },
      );
    },
    TIME_OUT_MS,
  );

  /** A page and a program that have signed in, and callers who have not: with chance headers alone, few get past the door. */
  const callers = fc
    .constantFrom("page", "program", "stranger", "strangePage")
    .map((caller): Record<string, string> => {
      const bearer = { authorization: `Bearer ${secrets.accessToken}` };
      if (caller === "page") return { origin: "http://localhost", cookie: secrets.cookie, ...bearer };
      if (caller === "program") return { "auth-transport": "body", ...bearer };
      return caller === "stranger" ? {} : { origin: "http://localhost" };
    });

  /** What passes in a field of this name. */
  const fitting: Readonly<Record<string, readonly (() => string)[]>> = {
    username: [() => CAREFUL],
    password: [() => PASSWORD],
    refresh_token: [() => secrets.bodyToken],
    token: [() => secrets.challenge],
    response: [() => PASSWORD],
    grant_type: [() => "password", () => "urn:ietf:params:oauth:grant-type:device_code"],
  };

  /** Values of a schema, and values that are nearly of it. */
  function valuesOf(schema: JsonSchema, name = ""): fc.Arbitrary<unknown> {
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valuesOf(one, name)));
    if (schema.type === "object") {
      const shape = Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, part]) => [field, valuesOf(part, field)]),
      );
      return fc.oneof(fc.record(shape), fc.record(shape, { requiredKeys: [] }));
    }
    if (schema.type === "null") return fc.constant(null);
    if (schema.enum) return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...schema.enum) }, anySecret);
    const right =
      schema.format === "email"
        ? fc.oneof(
            fc.emailAddress(),
            fc.nat().map((n) => `user${n}@example.org`),
          )
        : fc.oneof(anySecret, fc.constantFrom(PASSWORD, "ada@example.org", CAREFUL, "BCDF-GHJK"));
    const fits = fitting[name];
    return fc.oneof(
      ...(fits
        ? [{ weight: 6, arbitrary: fc.constantFrom(...fits).map((value) => value()) as fc.Arbitrary<unknown> }]
        : []),
      { weight: 6, arbitrary: right as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
    );
  }

  it(
    "as the OpenAPI document describes it, or nearly so: only answers that it lists",
    async () => {
      const requests = fc.constantFrom(...operations).chain((operation) =>
        fc.record({
          operation: fc.constant(operation),
          value: operation.schema ? valuesOf(operation.schema) : fc.constant(undefined),
          sentHeaders: fc.oneof(headers, callers),
        }),
      );
      await fc.assert(
        fc.asyncProperty(requests, async ({ operation, value, sentHeaders }) => {
          const { method, path, mediaType, statuses } = operation;
          const isForm = mediaType === "application/x-www-form-urlencoded";
          const body =
            value === undefined ? undefined : isForm ? toForm((value ?? {}) as object) : JSON.stringify(value);
          const own = mediaType === undefined ? {} : { "content-type": mediaType };
          const answer = await send(
            method,
            path.replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA"),
            { ...sentHeaders, ...own },
            body,
          );
          expectHarmless(answer);
          expect(statuses, `${method} ${path} answered ${answer.status}`).toContain(String(answer.status));
        }),
        { numRuns: RUNS, seed: 5 },
      );
    },
    TIME_OUT_MS,
  );

  it("as a body of more than 16 KiB is refused, with or without its length, and one of exactly that is not", async () => {
    const json = (length: number) => JSON.stringify({ email: "x", password: "" }).padEnd(length);
    const register = (body: BodyInit, extra: RequestInit & { duplex?: "half" } = {}) =>
      server.app.fetch(new Request("http://localhost/v1/auth/register", { method: "POST", body, ...extra }));
    expect((await register(json(16_384))).status).toBe(422);
    expect((await register(json(16_385))).status).toBe(413);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4096)) });
    expect((await register(endless, { duplex: "half" })).status).toBe(413);
  });
});
