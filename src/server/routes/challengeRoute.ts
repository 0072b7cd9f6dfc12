import type { Hono } from "hono";
import { type AuthServerContext, limited } from "../authServerContext.ts";
import type { Subject } from "../authStore.ts";
import { beginSession } from "../beginSession.ts";
import type { PendingSignIn } from "../challengeTokens.ts";
import { recogniseClient } from "../familiarClients.ts";
import { presentedWith } from "../presentedSessions.ts";
import { readJson } from "../readRequest.ts";
import type { HonoEnvironment } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { answerWithChallenge, newStep, proofOf } from "../secondFactor.ts";
import { readBindingKey } from "../sessionBinding.ts";
import { chooseTransport } from "../startSession.ts";
import { makeTokens } from "../tokenAnswer.ts";
import { withoutBody } from "../withoutBody.ts";
import { challengeRequest } from "../wireSchemas.ts";

/** `POST /jwt/challenge`: the answer to the 202 of a sign-in. */
export function addChallengeRoute(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  if (server.options.secondFactor === undefined) return;

  app.post("/jwt/challenge", async (context) => {
    const facts = server.facts(context);
    const chosen = chooseTransport(server, facts);
    const { token, response } = await readJson(context, challengeRequest);
    const boundKey = await readBindingKey(server, context, facts, chosen);
    const pending = await server.challengeTokens.read(token);
    if (pending === null) throw expired("it was answered too late, or is none of this server.");
    if (pending.transport !== chosen.transport || pending.boundKey !== boundKey) {
      throw expired("it is answered in the same way, and with the same key, as the sign-in was sent.");
    }
    const subject = await challenged(server, pending);
    const presented = await presentedWith(server, facts, chosen);
    const { knownBy, isNewDevice } = await recogniseClient(server, facts, subject, presented);
    // Strangers share one count, however many they are; the account's own devices are not shut out by it.
    const counted = knownBy === null ? subject.id : `${subject.id} ${knownBy}`;
    await limited(server, facts, server.rateLimits.count("challenge", counted));
    const proof = await proofOf(server, context, subject, response, pending);
    if (proof === null) {
      server.audit("challengeRejected", facts, { subject: subject.id });
      throw new RequestRefusedError(400, "CHALLENGE_REJECTED");
    }
    await server.rateLimits.clear("challenge", counted);
    const { further } = proof;
    const amr = [...new Set([...pending.amr, ...(proof.amr ?? []), "mfa"])];
    const request = withoutBody(context);
    const signIn = { subject, request, isNewDevice, chosen, presented, boundKey, method: pending.method, amr };
    if (further !== undefined) {
      const step = newStep(amr);
      return answerWithChallenge(server, context, facts, { ...pending, amr }, { id: step.id, challenge: further });
    }
    const record = await beginSession(server, facts, { ...signIn, persistent: pending.persistent });
    return context.json(await makeTokens(server, context, facts, record, chosen.profile));
  });
}

/** @throws RequestRefusedError 400 when the password was changed since, or the subject is gone or inactive. */
async function challenged({ store }: AuthServerContext, pending: PendingSignIn): Promise<Subject> {
  const subject = await store.findSubject(pending.subjectId);
  if (subject?.isActive !== true || subject.credentialVersion !== pending.credentialVersion) {
    throw expired("the account has changed meanwhile.");
  }
  return subject;
}

function expired(why: string): RequestRefusedError {
  return new RequestRefusedError(400, "CHALLENGE_EXPIRED", { reason: `Sign in again: ${why}` });
}
