import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from "@simplewebauthn/server";
import { Hono } from "hono";
import { type AuthServer, type AuthServerEnvironment, requireUser } from "stay-signed-in/server";
import { createBrowserMemory } from "./browserMemory.ts";

interface Passkey {
  readonly subjectId: string;
  readonly credential: WebAuthnCredential;
}

/** Passkeys (WebAuthn), by `@simplewebauthn/server`. */
export function passkeyRoutes(auth: AuthServer, publicUrl: string): Hono<{ Bindings: AuthServerEnvironment }> {
  const { origin, hostname, protocol } = new URL(publicUrl);
  const expected = { expectedOrigin: origin, expectedRPID: hostname, requireUserVerification: true };
  // A table in your app: public keys, and no secrets.
  const passkeys = new Map<string, Passkey>();
  const challenges = createBrowserMemory<string>("passkey", protocol === "https:");
  const app = new Hono<{ Bindings: AuthServerEnvironment }>();

  // A passkey is a way in for ever: adding one needs more than a token that somebody may have got hold of.
  const freshUser = requireUser(auth, { checkSession: true, allowGuests: false, maxAgeSeconds: 300 });

  app.post("/options", freshUser, async (context) => {
    const subject = await auth.subjects.find(context.var.user.subject);
    const options = await generateRegistrationOptions({
      rpName: "Ways in",
      rpID: hostname,
      userName: subject?.email ?? "you",
      userID: new TextEncoder().encode(context.var.user.subject),
      excludeCredentials: passkeysOf(context.var.user.subject).map(({ credential }) => ({ id: credential.id })),
      // So that nobody has to type who they are.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    challenges.keep(context, options.challenge);
    return context.json(options);
  });

  app.post("/", freshUser, async (context) => {
    const response = await context.req.json<RegistrationResponseJSON>();
    const expectedChallenge = challenges.read(context);
    challenges.forget(context);
    if (expectedChallenge === null) return context.json({ detail: "PASSKEY_REJECTED" }, 400);
    const verified = await verifyRegistrationResponse({ response, expectedChallenge, ...expected }).catch(() => null);
    if (verified?.verified !== true) return context.json({ detail: "PASSKEY_REJECTED" }, 400);
    const { credential } = verified.registrationInfo;
    passkeys.set(credential.id, { subjectId: context.var.user.subject, credential });
    return context.body(null, 204);
  });

  app.post("/sign-in/options", async (context) => {
    const options = await generateAuthenticationOptions({ rpID: hostname, userVerification: "required" });
    challenges.keep(context, options.challenge);
    return context.json(options);
  });

  app.post("/sign-in", async (context) => {
    const response = await context.req.json<AuthenticationResponseJSON>();
    const expectedChallenge = challenges.read(context);
    challenges.forget(context);
    const passkey = passkeys.get(response.id);
    if (expectedChallenge === null || passkey === undefined) return context.json({ detail: "PASSKEY_REJECTED" }, 400);
    const { credential, subjectId } = passkey;
    const verified = await verifyAuthenticationResponse({ response, expectedChallenge, credential, ...expected }).catch(
      () => null,
    );
    if (verified?.verified !== true) return context.json({ detail: "PASSKEY_REJECTED" }, 400);
    // A counter that has not grown is a copy of the key; the library refuses it.
    const { newCounter } = verified.authenticationInfo;
    passkeys.set(credential.id, { subjectId, credential: { ...credential, counter: newCounter } });
    // The device, and its PIN or finger: two factors.
    const proof = { method: "passkey", amr: ["hwk", "user", "mfa"] };
    return auth.startSession(subjectId, context.req.raw, { ...proof, environment: context.env });
  });

  function passkeysOf(subjectId: string): Passkey[] {
    return [...passkeys.values()].filter((passkey) => passkey.subjectId === subjectId);
  }

  return app;
}
