import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { type DevicePrompt, runDeviceGrant } from "../../src/node/deviceGrant.ts";

const address = "https://api.example/v1/auth";
const code = {
  device_code: "device-secret",
  user_code: "BCDF-GHJK",
  verification_uri: "https://app.example/device",
  verification_uri_complete: "https://app.example/device?user_code=BCDF-GHJK",
  expires_in: 600,
  interval: 5,
};
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
const pending = () => json(400, { error: "authorization_pending" });

/** Time moves to the next timer as soon as nothing else is to be done; each step is written down. */
function createEagerClock() {
  let now = 1_000_000;
  const clock: Clock = {
    now: () => now,
    monotonicNow: () => now,
    setTimer(callback, delayMs) {
      const timer = setTimeout(() => {
        now += delayMs;
        callback();
      }, 0);
      return () => clearTimeout(timer);
    },
  };
  return clock;
}

/** A server that answers the code request and then, one after the other, what it is given; the last one again and again. */
function createServer(answers: (() => Response | Promise<Response>)[], first: () => Response = () => json(200, code)) {
  const clock = createEagerClock();
  const requests: { path: string; at: number; fields: URLSearchParams; headers: Headers }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname.replace("/v1/auth", "");
    requests.push({
      path,
      at: clock.now(),
      fields: new URLSearchParams(await request.text()),
      headers: request.headers,
    });
    if (path === "/device/code") return first();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer?.() ?? json(500, {});
  };
  const prompts: DevicePrompt[] = [];
  const run = (signal: AbortSignal = new AbortController().signal) =>
    runDeviceGrant({ address, clientId: "stay-signed-in", fetch, clock, signal }, (prompt) => prompts.push(prompt));
  const gaps = (): number[] => {
    const moments = requests.map(({ at }) => at);
    return moments.slice(1).map((moment, index) => (moment - (moments[index] ?? 0)) / 1_000);
  };
  return { run, requests, prompts, gaps };
}

describe("the device grant", () => {
  it("shows the code and the page, then polls at the server's pace until somebody approves", async () => {
    const { run, requests, prompts, gaps } = createServer([
      pending,
      pending,
      () => json(200, { access_token: "good" }),
    ]);
    expect(await (await run()).json()).toEqual({ access_token: "good" });
    expect(prompts).toEqual([
      {
        userCode: "BCDF-GHJK",
        verificationUri: "https://app.example/device",
        verificationUriComplete: "https://app.example/device?user_code=BCDF-GHJK",
        expiresAt: expect.any(Number),
      },
    ]);
    expect(gaps()).toEqual([5, 5, 5]);
    expect(Object.fromEntries(requests[1]?.fields ?? [])).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: "device-secret",
      client_id: "stay-signed-in",
    });
    expect(requests.every(({ headers }) => headers.get("Auth-Transport") === "body")).toBe(true);
  });

  it("goes slower by 5 s each time that the server asks for it, and stays slower", async () => {
    const slower = () => json(400, { error: "slow_down" });
    const { run, gaps } = createServer([slower, pending, slower, pending, () => json(200, { access_token: "good" })]);
    await run();
    expect(gaps()).toEqual([5, 10, 10, 15, 15]);
  });

  it("goes on through an outage, with growing pauses, since the code stays good", async () => {
    const down = () => Promise.reject(new TypeError("fetch failed"));
    const { run, gaps } = createServer([
      down,
      down,
      () => json(503, {}),
      pending,
      () => json(200, { access_token: "good" }),
    ]);
    await run();
    expect(gaps()).toEqual([5, 10, 20, 40, 5]);
  });

  it("waits as long as a server that limits it says", async () => {
    const limited = () => json(429, { detail: "RATE_LIMITED" }, { "Retry-After": "30" });
    const { run, gaps } = createServer([limited, () => json(200, { access_token: "good" })]);
    await run();
    expect(gaps()[1]).toBeGreaterThanOrEqual(30);
  });

  it("ends when it is denied, when the code runs out, and when the server never says so by itself", async () => {
    const denied = createServer([() => json(400, { error: "access_denied" })]);
    await expect(denied.run()).rejects.toMatchObject({ code: "credentialsRejected", serverCode: "access_denied" });
    const expired = createServer([pending, () => json(400, { error: "expired_token" })]);
    await expect(expired.run()).rejects.toMatchObject({ code: "credentialsRejected", serverCode: "expired_token" });
    const silent = createServer([pending]);
    await expect(silent.run()).rejects.toMatchObject({ code: "credentialsRejected", serverCode: "expired_token" });
    expect(silent.requests.length).toBeLessThan(125);
  });

  it("ends at once on Ctrl-C, while it waits and before it has begun", async () => {
    const interruption = new AbortController();
    const { run, requests } = createServer([
      () => {
        interruption.abort();
        return pending();
      },
    ]);
    await expect(run(interruption.signal)).rejects.toMatchObject({ code: "aborted" });
    expect(requests).toHaveLength(2);
    await expect(run(interruption.signal)).rejects.toMatchObject({ code: "aborted" });
    expect(requests).toHaveLength(2);
  });

  it("says that a server has no such sign-in, also when a page answers in its place", async () => {
    for (const first of [() => json(404, {}), () => new Response("<!doctype html>", { status: 200 })]) {
      await expect(createServer([], first).run()).rejects.toMatchObject({ code: "invalidOptions" });
    }
    const down = createServer([], () => json(502, {}));
    await expect(down.run()).rejects.toMatchObject({ code: "unavailable", status: 502 });
  });

  it("shows nothing that a terminal or an opener would act on", async () => {
    for (const change of [
      { user_code: "\u001b]0;owned\u0007" },
      { verification_uri: "file:///etc/passwd" },
      { verification_uri: "javascript:alert(1)" },
      { verification_uri: undefined },
    ]) {
      const { run, prompts } = createServer([pending], () => json(200, { ...code, ...change }));
      await expect(run()).rejects.toMatchObject({ code: "badResponse" });
      expect(prompts).toEqual([]);
    }
    const odd = createServer([() => json(200, {})], () =>
      json(200, { ...code, verification_uri_complete: "file:///x" }),
    );
    await odd.run();
    expect(odd.prompts[0]?.verificationUriComplete).toBeNull();
  });

  it("keeps the device code out of every error", async () => {
    const { run } = createServer([() => json(418, { error: "device-secret" })]);
    const error: Error = await run().then(
      () => new Error("it was approved"),
      (reason: Error) => reason,
    );
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain("device-secret");
  });
});
