import type { AxiosAdapter } from "axios";
import { io } from "socket.io-client";
import { authorizeAxios } from "../../../src/adapters/authorizeAxios.ts";
import { authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import { authorizeSocket } from "../../../src/adapters/authorizeSocket.ts";
import { createTestAuthClient } from "../../../src/testing/createTestAuthClient.ts";
import { axiosLines } from "./axiosLines.ts";

// Runs in Chromium. Here the senders are looked at, not the session: a client that renews at once stands for it.

const formData = () => {
  const form = new FormData();
  form.append("name", "Ada");
  form.append("file", new File(["contents"], "a.txt", { type: "text/plain" }));
  return form;
};
const bodies: Record<string, () => unknown> = {
  object: () => ({ a: [1] }),
  text: () => "plain",
  nothing: () => undefined,
  URLSearchParams: () => new URLSearchParams({ q: "a b" }),
  ArrayBuffer: () => new Uint8Array([0, 255]).buffer,
  Uint8Array: () => new Uint8Array([1, 2]),
  Blob: () => new Blob(["blob"], { type: "image/png" }),
  FormData: formData,
};

const page = {
  /** Sends every body through every axios and adapter; returns path and outcome of each. */
  async axiosMatrix() {
    const outcomes: { sender: string; body: string; path: string; outcome: unknown }[] = [];
    for (const { version, axios } of axiosLines)
      for (const adapter of Number.parseFloat(version) < 1.7 && !version.startsWith("1.2")
        ? [undefined]
        : ["xhr", "fetch"]) {
        const auth = createTestAuthClient({ identity: { subject: "ada" } });
        const api = axios.create({
          baseURL: "/api",
          ...(adapter ? { adapter: adapter as unknown as AxiosAdapter } : {}),
        });
        authorizeAxios(api, auth);
        for (const [body, make] of Object.entries(bodies)) {
          const path = `${version}/${adapter ?? "xhr"}/${body}`;
          // With progress the fetch adapter streams the body, which Chromium does over HTTP/2 only.
          const config = adapter === "fetch" ? {} : { onUploadProgress: () => {} };
          const outcome = await api.post(path, make(), config).then(({ status }) => status, String);
          outcomes.push({ sender: `axios ${version}, ${adapter ?? "xhr"}`, body, path: `/api/${path}`, outcome });
        }
      }
    return outcomes;
  },

  async fetchMatrix() {
    const outcomes: { sender: string; body: string; path: string; outcome: unknown }[] = [];
    const auth = createTestAuthClient({ identity: { subject: "ada" } });
    const api = authorizeFetch(auth);
    for (const [body, make] of Object.entries(bodies)) {
      if (body === "object") continue;
      for (const given of ["address", "Request"]) {
        const path = `/api/fetch/${given}/${body}`;
        const init: RequestInit = {
          method: "POST",
          body: (make() ?? null) as BodyInit,
          keepalive: body === "text",
          credentials: "include",
        };
        const answer = given === "address" ? api(path, init) : api(new Request(path, init));
        outcomes.push({
          sender: `fetch, ${given}`,
          body,
          path,
          outcome: await answer.then(({ status }) => status, String),
        });
      }
    }
    return outcomes;
  },

  /** Follows a redirect to a stranger, by each sender; returns the statuses. */
  async redirects(path: string) {
    const auth = createTestAuthClient({ identity: { subject: "ada" } });
    const statuses: unknown[] = [(await authorizeFetch(auth)(path)).status];
    for (const { axios } of axiosLines) {
      const api = axios.create();
      authorizeAxios(api, auth);
      statuses.push(
        await api.get(path).then(
          ({ status }) => status,
          (error) => error.response?.status,
        ),
      );
    }
    return { statuses, token: auth.accessToken.getState() };
  },

  /** A socket through a refusal, a renewal, a lost transport, a change of identity and a sign-out. */
  async socket(url: string, transports: string[]) {
    const auth = createTestAuthClient({ identity: { subject: "ada" } });
    const socket = io(url, { transports, forceNew: true, reconnectionDelay: 1, autoConnect: false });
    const next = (event: string) => new Promise<unknown>((resolve) => socket.once(event, resolve));
    authorizeSocket(socket, auth, { allowedOrigins: [url] });
    const refusal = next("connect_error");
    socket.connect();
    const log: unknown[] = [String(await refusal)];
    await next("connect");
    const { id } = socket;
    auth.renewAccessToken();
    log.push(await socket.emitWithAck("whoami"), socket.id === id);
    socket.io.engine.close();
    await next("connect");
    log.push(await socket.emitWithAck("whoami"));
    const opened = next("connect");
    auth.become({ subject: "bob" });
    await opened;
    log.push(await socket.emitWithAck("whoami"), auth.accessToken.getState());
    await auth.signOut();
    log.push(socket.active);
    return log;
  },
};

export type ChromiumPage = typeof page;

Object.assign(globalThis, { page });
