import { Hono } from "hono";
import { Secret, TOTP } from "otpauth";
import { type AuthServer, requireUser, type SecondFactorOptions } from "stay-signed-in/server";

interface Authenticator {
  readonly totp: TOTP;
  isConfirmed: boolean;
  /** The period of the code that was last used. */
  lastUsed: number;
}

const PERIOD_SECONDS = 30;

/** Codes of an authenticator app (RFC 6238), by `otpauth`, as the second factor after a password. */
export function createTotp(): {
  readonly secondFactor: SecondFactorOptions;
  readonly routes: (auth: AuthServer) => Hono;
} {
  // A table in your app. The secrets are such that you would want them encrypted there.
  const authenticators = new Map<string, Authenticator>();

  function isGood(authenticator: Authenticator, code: unknown): boolean {
    if (typeof code !== "string") return false;
    const delta = authenticator.totp.validate({ token: code.replaceAll(" ", ""), window: 1 });
    if (delta === null) return false;
    const period = Math.floor(Date.now() / 1000 / PERIOD_SECONDS) + delta;
    // A code counts once (RFC 6238 §5.2): who looked over a shoulder is too late.
    if (period <= authenticator.lastUsed) return false;
    authenticator.lastUsed = period;
    return true;
  }

  return {
    secondFactor: {
      challenge: ({ id }) => (authenticators.get(id)?.isConfirmed === true ? { methods: ["totp"] } : null),
      verify({ id }, response) {
        const authenticator = authenticators.get(id);
        return authenticator !== undefined && isGood(authenticator, response) && { amr: ["otp"] };
      },
    },
    routes(auth) {
      const app = new Hono();
      const freshUser = requireUser(auth, { checkSession: true, allowGuests: false, maxAgeSeconds: 300 });

      app.post("/", freshUser, async (context) => {
        const { subject: id } = context.var.user;
        if (authenticators.get(id)?.isConfirmed === true) return context.json({ detail: "TOTP_EXISTS" }, 409);
        const subject = await auth.subjects.find(id);
        const label = subject?.email ?? id;
        const totp = new TOTP({ issuer: "Ways in", label, secret: new Secret({ size: 20 }), period: PERIOD_SECONDS });
        authenticators.set(id, { totp, isConfirmed: false, lastUsed: 0 });
        return context.json({ uri: totp.toString() });
      });

      // It counts once the person has shown that their app has it.
      app.post("/confirm", freshUser, async (context) => {
        const { code } = await context.req.json<{ code?: unknown }>();
        const authenticator = authenticators.get(context.var.user.subject);
        if (authenticator === undefined || !isGood(authenticator, code)) {
          return context.json({ detail: "CODE_REJECTED" }, 400);
        }
        authenticator.isConfirmed = true;
        return context.body(null, 204);
      });
      return app;
    },
  };
}
