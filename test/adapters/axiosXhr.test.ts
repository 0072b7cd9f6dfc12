// @vitest-environment happy-dom
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { authorizeAxios } from "../../src/adapters/authorizeAxios.ts";
import { axiosLines } from "./support/axiosLines.ts";
import { type ResourceServer, startResourceServer, withoutToken } from "./support/resourceServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let resource: ResourceServer;
let session: Session;

beforeAll(async () => {
  resource = await startResourceServer();
  // The page is the server's own, so that happy-dom's CORS does not stand between.
  (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(
    `${resource.origin}/page/index.html`,
  );
});
beforeEach(async () => {
  resource.decide = null;
  resource.forget();
  session = await startSession();
});
afterEach(() => session.stop());
afterAll(() => resource.close());

const bodies: Record<string, () => unknown> = {
  object: () => ({ a: 1 }),
  text: () => "plain",
  URLSearchParams: () => new URLSearchParams({ q: "a b" }),
  ArrayBuffer: () => new Uint8Array([0, 255]).buffer,
  Blob: () => new Blob(["blob"], { type: "image/png" }),
  FormData: () => {
    const form = new FormData();
    form.append("name", "Ada");
    form.append("file", new File(["contents"], "a.txt", { type: "text/plain" }));
    return form;
  },
};

describe.each(axiosLines)("axios $version in a page, by XMLHttpRequest", ({ axios }) => {
  // B058 https://github.com/axios/axios/issues/1628 · B059 https://github.com/axios/axios/issues/875
  it.each(Object.entries(bodies))("sends a body of %s twice alike, relative to the page", async (_, body) => {
    const api = axios.create({ baseURL: "/api", timeout: 30_000, withCredentials: true });
    authorizeAxios(api, session.auth);
    resource.refuse(await session.auth.getAccessToken());
    const progress: number[] = [];
    const answer = await api.post("things", body(), { onDownloadProgress: ({ loaded }) => progress.push(loaded) });
    expect(answer.data).toEqual({ ok: true });
    const [first, second, ...more] = resource.requests;
    if (!first || !second) throw new Error("Not sent twice");
    expect(more).toEqual([]);
    expect(first.path).toBe("/api/things");
    expect(withoutToken(second)).toEqual(withoutToken(first));
    expect(first.body.length).toBeGreaterThan(0);
    expect(second.token).toBe(await session.auth.getAccessToken());
    expect(answer.request.constructor.name).toBe("XMLHttpRequest");
  });

  it("sends to the page's origin, and to no stranger's", async () => {
    const stranger = await startResourceServer();
    const api = axios.create();
    authorizeAxios(api, session.auth);
    await api.get("/same");
    await api.get(`${stranger.origin}/x`).catch(() => {});
    expect(resource.requests.map(({ token }) => token)).toEqual([await session.auth.getAccessToken()]);
    expect(stranger.requests.every(({ token }) => token === null)).toBe(true);
    await stranger.close();
  });

  it("ends a wait with axios' own error when the caller aborts", async () => {
    const api = axios.create();
    authorizeAxios(api, session.auth);
    resource.refuse(await session.auth.getAccessToken());
    const release = session.holdRefresh();
    const controller = new AbortController();
    const failure = api.get("/x", { signal: controller.signal }).catch((error: unknown) => error);
    await session.rejections(1);
    controller.abort();
    expect(axios.isCancel(await failure)).toBe(true);
    release();
    expect(resource.requests).toHaveLength(1);
  });
});
