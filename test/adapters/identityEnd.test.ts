import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import type { AxiosRequestConfig } from "axios";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuthorizedRequestConfig, authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { type AuthorizedFetch, authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { axiosMatrix } from "./support/axiosLines.ts";

// Q06 https://github.com/kubestellar/console/issues/6029 · https://github.com/avishek0769/DocChat/pull/172

let server: Server;
let origin: string;
let streams: ServerResponse[];
let arrived: () => void;
let auth: TestAuthClient;
let api: AuthorizedFetch;

beforeEach(async () => {
  streams = [];
  arrived = () => {};
  server = createServer((request, response) => {
    streams.push(response);
    // A path of /slow never answers, any other one streams.
    if (request.url !== "/slow") response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    arrived();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  auth = createTestAuthClient({ identity: { subject: "ada" } });
  api = authorizeFetch(auth, { allowedOrigins: [origin] });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const nextRequest = () => new Promise<void>((resolve) => (arrived = resolve));
const settled = (work: Promise<unknown>) =>
  work.then(
    (value) => value,
    (error: unknown) => error,
  );
const departures: [string, () => unknown][] = [
  ["signs out", () => auth.signOut()],
  ["is put out by the server", () => auth.endSession("revoked")],
  ["is followed by another", () => auth.become({ subject: "bob" })],
];
const ofIdentityChanged = { name: "AuthError", code: "identityChanged" };

describe.each(departures)("when whoever asked %s", (_, leave) => {
  it.each([undefined, "with a signal of the caller's own"])(
    "fetch ends: an answer that is awaited, %s",
    async (own) => {
      const request = nextRequest();
      const answer = settled(api(`${origin}/slow`, own ? { signal: new AbortController().signal } : {}));
      await request;
      const closed = new Promise((resolve) => streams[0]?.once("close", resolve));
      leave();
      expect(await answer).toMatchObject(ofIdentityChanged);
      await closed;
    },
  );

  it.each(["address", "address and signal", "Request"])(
    "fetch ends: a stream that is being read, by %s",
    async (given) => {
      const address = `${origin}/events`;
      const init = given === "address and signal" ? { signal: new AbortController().signal } : {};
      const answer = await api(given === "Request" ? new Request(address) : address, init);
      const reader = answer.body?.getReader();
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: 1\n\n");
      const closed = new Promise((resolve) => streams[0]?.once("close", resolve));
      const chunk = settled(reader?.read() ?? Promise.resolve());
      leave();
      expect(await chunk).toMatchObject(ofIdentityChanged);
      await closed;
    },
  );

  it.each(axiosMatrix)("$name ends: an answer that is awaited, and a stream", async ({ create, adapter }) => {
    const mine = create({ baseURL: origin });
    authorizeAxios(mine, auth);
    let request = nextRequest();
    const answers = [settled(mine.get("/slow"))];
    await request;
    request = nextRequest();
    answers.push(settled(mine.get("/slow", { signal: new AbortController().signal })));
    await request;
    const { data } = await mine.get<Readable | ReadableStream>("/events", { responseType: "stream" });
    const reading =
      "getReader" in data
        ? settled(
            (async () => {
              const reader = data.getReader();
              for (;;) if ((await reader.read()).done) return "the end";
            })(),
          )
        : settled(
            (async () => {
              for await (const _chunk of data);
              return "the end";
            })(),
          );
    const closed = Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("close", resolve))));
    leave();
    for (const answer of answers) expect(await answer).toMatchObject(ofIdentityChanged);
    // axios' own fetch adapter puts an error of its own around it.
    expect(await reading).toMatchObject(
      adapter === "fetch" ? { message: expect.stringMatching(/no longer signed in/) as string } : ofIdentityChanged,
    );
    await closed;
  });
});

describe("what goes on", () => {
  it("is what says outlives: true", async () => {
    const mine = axiosMatrix[0]?.create({ baseURL: origin });
    if (!mine) throw new Error("No axios");
    authorizeAxios(mine, auth);
    const outliving: AxiosRequestConfig & AuthorizedRequestConfig = { outlives: true };
    let request = nextRequest();
    const byFetch = api(`${origin}/slow`, { outlives: true });
    await request;
    request = nextRequest();
    const byAxios = mine.get("/slow", outliving);
    await request;
    await auth.signOut();
    for (const stream of streams) stream.writeHead(200).end("done");
    expect(await (await byFetch).text()).toBe("done");
    expect((await byAxios).data).toBe("done");
  });

  it("is what the same subject asked for, through renewals and a new session", async () => {
    const answer = await api(`${origin}/events`);
    auth.renewAccessToken();
    auth.become({ subject: "ada", sessionId: "another" });
    streams[0]?.end("data: 2\n\n");
    expect(await answer.text()).toBe("data: 1\n\ndata: 2\n\n");
  });

  it("is what nobody's name is on, and what the next one asks for", async () => {
    const plain = await api(`${origin}/events`, { token: false });
    auth.become({ subject: "bob" });
    const bobs = await api(`${origin}/events`);
    for (const stream of streams) stream.end();
    expect(await plain.text()).toBe("data: 1\n\n");
    expect(await bobs.text()).toBe("data: 1\n\n");
  });

  it("is whatever an answer without a signal of its own costs: no listener more for any number of requests", async () => {
    let listeners = 0;
    const counting = {
      ...auth,
      on: (...given: Parameters<typeof auth.on>) => (listeners++, auth.on(...given)),
    } as TestAuthClient;
    const warnings: string[] = [];
    const warn = ({ name }: Error) => void warnings.push(name);
    process.on("warning", warn);
    const many = authorizeFetch(counting, { allowedOrigins: [origin], fetch: async () => new Response("{}") });
    await Promise.all(Array.from({ length: 50 }, () => many(`${origin}/x`)));
    const mine = axiosMatrix.at(-2)?.create({ baseURL: origin });
    if (!mine) throw new Error("No axios");
    authorizeAxios(mine, counting);
    const answers = Array.from({ length: 20 }, () => settled(mine.get("/slow")));
    await new Promise<void>((resolve) => (arrived = () => streams.length === 20 && resolve()));
    for (const stream of streams) stream.writeHead(200).end("{}");
    await Promise.all(answers);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect(listeners).toBe(2);
    expect(warnings).toEqual([]);
  });

  it("is an answer that comes late through a fetch that knows no signals: it is dropped", async () => {
    let answer: (response: Response) => void = () => {};
    const deaf = authorizeFetch(auth, {
      allowedOrigins: [origin],
      fetch: () => new Promise((resolve) => (answer = resolve)),
    });
    const late = settled(deaf(`${origin}/x`));
    await auth.signOut();
    answer(new Response("ada's"));
    expect(await late).toMatchObject(ofIdentityChanged);
  });

  it("is the caller's own abort: it stays the caller's", async () => {
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const request = nextRequest();
    const answer = settled(api(`${origin}/slow`, { signal: controller.signal }));
    await request;
    controller.abort(reason);
    expect(await answer).toBe(reason);
  });
});
