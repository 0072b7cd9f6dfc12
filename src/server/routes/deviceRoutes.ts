import type { Hono } from "hono";
import { type AuthServerContext, limited } from "../authServerContext.ts";
import type { DeviceCode } from "../authStore.ts";
import { confirmIdentity, reauthenticationRequired } from "../confirmIdentity.ts";
import { displayText } from "../displayText.ts";
import { createDeviceCode, createUserCode, hashDeviceCode, parseUserCode, showUserCode } from "../deviceCodes.ts";
import { readForm, readJson } from "../readRequest.ts";
import type { HonoEnvironment, RequestFacts } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { requireLiveSession } from "../requireLiveSession.ts";
import { ServiceUnavailableError } from "../serviceUnavailableError.ts";
import { addressKey } from "../networkAddress.ts";
import { deviceCodeRequest, userCodeRequest } from "../wireSchemas.ts";

const LIFETIME_MS = 600_000;
const INTERVAL_MS = 5_000;
const MAX_COLLISIONS = 5;

/**
 * `POST /device/code`, and what the page does with a user code: `/device/lookup`, `/approve`, `/deny` (RFC 8628 §3.1 to
 * 3.3).
 */
export function addDeviceRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  const { store, options, rateLimits } = server;
  if (options.device === false) return;
  const { verificationUri } = options.device;

  app.post("/device/code", async (context) => {
    const facts = server.facts(context);
    const { client_id: clientId } = await readForm(context, deviceCodeRequest);
    await limited(server, facts, rateLimits.count("deviceCode", addressKey(facts.address)));
    const deviceCode = createDeviceCode();
    const deviceCodeHash = await hashDeviceCode(deviceCode);
    const userCode = await addCode(deviceCodeHash, clientId, facts);
    const uri = new URL(verificationUri ?? `${facts.scheme}//${facts.host}/device`);
    const complete = new URL(uri);
    complete.searchParams.set("user_code", showUserCode(userCode));
    return context.json({
      device_code: deviceCode,
      user_code: showUserCode(userCode),
      verification_uri: uri.href,
      verification_uri_complete: complete.href,
      expires_in: LIFETIME_MS / 1000,
      interval: INTERVAL_MS / 1000,
    });
  });

  app.post("/device/lookup", async (context) => {
    const facts = server.facts(context);
    const { subject } = await requireLiveSession(server, facts);
    const { user_code: typed } = await readJson(context, userCodeRequest);
    const found = await findTyped(facts, subject.id, typed);
    return context.json({
      client_name: displayText(found.clientId),
      created_at: new Date(found.createdAt).toISOString(),
      address: found.address,
      user_agent: found.userAgent && displayText(found.userAgent),
    });
  });

  app.post("/device/approve", async (context) => {
    const facts = server.facts(context);
    const session = await requireLiveSession(server, facts);
    const { user_code: typed, password } = await readJson(context, userCodeRequest);
    const found = await findTyped(facts, session.subject.id, typed);
    const wrongPassword = reauthenticationRequired("The password is wrong.");
    await confirmIdentity(server, facts, session, password ?? null, wrongPassword);
    await answer(found, "approved", session.subject.id, session.record.session.id, facts);
    return context.body(null, 204);
  });

  app.post("/device/deny", async (context) => {
    const facts = server.facts(context);
    const { subject, record } = await requireLiveSession(server, facts);
    const { user_code: typed } = await readJson(context, userCodeRequest);
    const found = await findTyped(facts, subject.id, typed);
    await answer(found, "denied", subject.id, record.session.id, facts);
    return context.body(null, 204);
  });

  async function addCode(deviceCodeHash: string, clientId: string, facts: RequestFacts): Promise<string> {
    for (let attempt = 0; attempt < MAX_COLLISIONS; attempt += 1) {
      const userCode = createUserCode();
      const { address, userAgent } = facts;
      const code = {
        deviceCodeHash,
        userCode,
        clientId,
        lifetimeMs: LIFETIME_MS,
        intervalMs: INTERVAL_MS,
        address,
        userAgent,
      };
      if (await store.addDeviceCode(code)) return userCode;
    }
    throw new ServiceUnavailableError("No free user code was found.");
  }

  /** @throws RequestRefusedError 404, 410; RateLimitedError after five unknown codes of this subject or address. */
  async function findTyped(facts: RequestFacts, subjectId: string, typed: string): Promise<DeviceCode> {
    const keys = [`subject ${subjectId}`, `address ${addressKey(facts.address)}`];
    for (const key of keys) await limited(server, facts, rateLimits.check("userCode", key));
    const userCode = parseUserCode(typed);
    const found = userCode === null ? null : await store.findDeviceCodeByUserCode(userCode);
    if (found === null || found.deviceCode.status !== "pending") {
      // The count itself never refuses the fifth: the check before it refuses the sixth.
      for (const key of keys) await rateLimits.count("userCode", key);
      throw new RequestRefusedError(404, "DEVICE_CODE_UNKNOWN");
    }
    if (found.deviceCode.expiresAt <= found.now) throw new RequestRefusedError(410, "DEVICE_CODE_EXPIRED");
    return found.deviceCode;
  }

  async function answer(
    { userCode }: DeviceCode,
    verdict: "approved" | "denied",
    subject: string,
    sessionId: string,
    facts: RequestFacts,
  ): Promise<void> {
    const answered = await store.answerDeviceCode(userCode, verdict, subject, sessionId);
    if (!answered) throw new RequestRefusedError(404, "DEVICE_CODE_UNKNOWN");
    server.audit(verdict === "approved" ? "deviceApproved" : "deviceDenied", facts, { subject, sessionId });
  }
}
