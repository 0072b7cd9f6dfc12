import type { Context, Hono } from "hono";
import { type AuthServerContext, limited } from "../authServerContext.ts";
import type { DeviceCode, DeviceCodeRecord, SessionRecord } from "../authStore.ts";
import { hashDeviceCode } from "../deviceCodes.ts";
import { recogniseClient } from "../familiarClients.ts";
import { readForm } from "../readRequest.ts";
import type { HonoEnvironment, RequestFacts } from "../requestFacts.ts";
import { isBoundTo, readProvedKey, requireKeyForSession } from "../sessionBinding.ts";
import { createSessionId } from "../sessionId.ts";
import { sessionStatus } from "../sessionStatus.ts";
import { originNotAllowed, startSession } from "../startSession.ts";
import { makeTokens } from "../tokenAnswer.ts";
import { addressKey } from "../networkAddress.ts";
import { deviceTokenRequest } from "../wireSchemas.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";
const SLOW_DOWN_MS = 5_000;

type DeviceError =
  | "authorization_pending"
  | "slow_down"
  | "access_denied"
  | "expired_token"
  | "invalid_grant"
  | "unsupported_grant_type";

/** `POST /device/token` (RFC 8628 §3.4 and 3.5): what the device asks again and again until a person has answered. */
export function addDeviceTokenRoute(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  const { store, options, rateLimits } = server;
  if (options.device === false) return;

  app.post("/device/token", async (context) => {
    const facts = server.facts(context);
    if (server.mayComeFromPage(facts)) {
      throw originNotAllowed("Device codes are for programs: no Origin, Sec-Fetch-Site or Cookie may come with them.");
    }
    const form = await readForm(context, deviceTokenRequest);
    await limited(server, facts, rateLimits.count("deviceToken", addressKey(facts.address)));
    if (form.grant_type !== GRANT_TYPE) return refuse(context, "unsupported_grant_type");
    const found = await store.findDeviceCode(await hashDeviceCode(form.device_code));
    if (found === null || found.deviceCode.clientId !== form.client_id) return refuse(context, "invalid_grant");
    const outcome = await decide(found, facts, await readProvedKey(server, context, facts));
    if (typeof outcome === "string") return refuse(context, outcome);
    return context.json(await makeTokens(server, context, facts, outcome, null));
  });

  async function decide(
    { deviceCode, now }: DeviceCodeRecord,
    facts: RequestFacts,
    boundKey: string | null,
  ): Promise<SessionRecord | DeviceError> {
    if (deviceCode.status === "redeemed") return repeat(deviceCode, now, facts, boundKey);
    if (deviceCode.expiresAt <= now) return "expired_token";
    if (deviceCode.status === "denied") return "access_denied";
    if (deviceCode.status === "approved") return redeem(deviceCode, facts, boundKey);
    const tooFast = now - deviceCode.polledAt < deviceCode.intervalMs;
    await store.pollDeviceCode(deviceCode.deviceCodeHash, tooFast ? SLOW_DOWN_MS : 0);
    return tooFast ? "slow_down" : "authorization_pending";
  }

  async function redeem(
    deviceCode: DeviceCode,
    facts: RequestFacts,
    boundKey: string | null,
  ): Promise<SessionRecord | DeviceError> {
    if ((await approver(deviceCode)) === null) return "invalid_grant";
    requireKeyForSession(server, boundKey);
    const sessionId = createSessionId();
    if (await store.redeemDeviceCode(deviceCode.deviceCodeHash, sessionId)) {
      return start(deviceCode, sessionId, facts, boundKey);
    }
    // Another request of the same device was quicker: its session is this one's, too.
    const again = await store.findDeviceCode(deviceCode.deviceCodeHash);
    return again?.deviceCode.status === "redeemed"
      ? repeat(again.deviceCode, again.now, facts, boundKey)
      : "invalid_grant";
  }

  /** The answer to the redemption was lost, or is still under way: the same session's current tokens. */
  async function repeat(
    deviceCode: DeviceCode,
    now: number,
    facts: RequestFacts,
    boundKey: string | null,
  ): Promise<SessionRecord | DeviceError> {
    const { sessionId, redeemedAt } = deviceCode;
    if (sessionId === null || redeemedAt === null || now - redeemedAt >= options.graceMs) return "invalid_grant";
    const [record] = await store.readSessions([sessionId]);
    // A server that died in between has redeemed the code and made no session.
    if (record === undefined) return start(deviceCode, sessionId, facts, boundKey);
    if (!isBoundTo(server, record.session, boundKey)) return "invalid_grant";
    return sessionStatus(record) === "live" ? record : "invalid_grant";
  }

  async function start(
    deviceCode: DeviceCode,
    sessionId: string,
    facts: RequestFacts,
    boundKey: string | null,
  ): Promise<SessionRecord | DeviceError> {
    const approval = await approver(deviceCode);
    if (approval?.subject == null) return "invalid_grant";
    const { subject } = approval;
    const clientName = deviceCode.clientId;
    const details = { subject, transport: "body", presented: [], clientName, sessionId } as const;
    const proof = { authenticated: false, method: "deviceCode", amr: [], persistent: true } as const;
    const record = await startSession(server, facts, { ...details, ...proof, boundKey });
    if (record === null) return "invalid_grant";
    const fields = { subject: subject.id, sessionId };
    server.audit("signedIn", facts, { ...fields, method: "deviceCode" });
    // Not remembered: whoever talked a person into approving a code is not to be known as theirs.
    if ((await recogniseClient(server, facts, subject, [])).isNewDevice) server.audit("newDevice", facts, fields);
    return record;
  }

  /** The session that approved the code, while it lives. */
  async function approver({ approvingSessionId }: DeviceCode): Promise<SessionRecord | null> {
    if (approvingSessionId === null) return null;
    const [record] = await store.readSessions([approvingSessionId]);
    return record !== undefined && sessionStatus(record) === "live" ? record : null;
  }
}

/** RFC 6749 §5.2. */
function refuse(context: Context<HonoEnvironment>, error: DeviceError): Response {
  return context.json({ error }, 400);
}
