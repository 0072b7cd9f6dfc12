import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** As they came, name and value by turns, in the sender's letter case. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly token: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An application's own server on a free port: takes any bearer token but the refused ones, and remembers what it was sent. */
export interface ResourceServer {
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** Answers 401 to this token from now on. */
  refuse(token: string): void;
  /** Decides before the rule above; undefined leaves it to the rule, null never answers. */
  decide:
    | ((request: ReceivedRequest, response: ServerResponse) => Answer | undefined | null | Promise<Answer | undefined>)
    | null;
  /** Resolves once this many requests have come in, counted from the start or {@link forget}. */
  received(count: number): Promise<void>;
  forget(): void;
  close(): Promise<void>;
}

export async function startResourceServer(): Promise<ResourceServer> {
  const requests: ReceivedRequest[] = [];
  const refused = new Set<string>();
  const waiters = new Set<() => void>();
  const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*, authorization",
    "access-control-allow-methods": "*",
  };
  // Client and server share a process: while it makes a thousand requests for longer than a kept connection may rest, the server
  // would close those that the first of them are sent on.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => void answerTo(incoming, response));
  const answerTo = async (incoming: IncomingMessage, response: ServerResponse) => {
    if (incoming.method === "OPTIONS") return void response.writeHead(204, cors).end();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: ReceivedRequest = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      rawHeaders: incoming.rawHeaders,
      headers: incoming.headers,
      body: Buffer.concat(chunks),
      token: /^Bearer (.*)$/.exec(incoming.headers.authorization ?? "")?.[1] ?? null,
    };
    requests.push(request);
    for (const waiter of waiters) waiter();
    const decided = await resource.decide?.(request, response);
    if (decided === null) return;
    const isRefused = request.token === null || refused.has(request.token);
    const answer =
      decided ??
      (isRefused ? { status: 401, body: '{"detail":"Unauthorized"}' } : { status: 200, body: '{"ok":true}' });
    response
      .writeHead(answer.status, { "content-type": "application/json", ...cors, ...answer.headers })
      .end(answer.body);
  };
  // A thousand connections at once: what is beyond the backlog is tried again after 1, 3, 7… s, up to a minute on a busy machine.
  const place = { port: 0, host: "127.0.0.1", backlog: 4_096 };
  await new Promise<void>((resolve) => server.listen(place, resolve));
  const resource: ResourceServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    refuse: (token) => void refused.add(token),
    decide: null,
    received: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (requests.length < count) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
    forget: () => void requests.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return resource;
}

/** A request without what may differ between two sends of the same: the token. Multipart boundaries are made equal. */
export function withoutToken(request: ReceivedRequest): unknown {
  // From the body: axios 1.7 with its fetch adapter names none in the header.
  const boundary = /^--(\S+)\r\n/.exec(request.body.toString("latin1"))?.[1];
  const level = (text: string) => (boundary ? text.replaceAll(boundary, "BOUNDARY") : text);
  const { authorization: _, ...headers } = request.headers;
  return {
    method: request.method,
    path: request.path,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, level(String(value))])),
    body: level(request.body.toString("latin1")),
  };
}
