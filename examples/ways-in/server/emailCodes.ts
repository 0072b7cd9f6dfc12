import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import type { AuthServer, AuthServerEnvironment } from "stay-signed-in/server";
import { createBrowserMemory } from "./browserMemory.ts";
import { findOrAddByEmail } from "./findOrAddByEmail.ts";

interface SentCode {
  readonly email: string;
  readonly hash: Buffer;
  attemptsLeft: number;
}

export interface Mail {
  readonly to: string;
  readonly text: string;
}

const MAX_MAILS_PER_HOUR = 5;
const HOUR_MS = 3_600_000;

/** A code by e-mail, to type or as a link. Both work in the browser alone that asked for them. */
export function emailCodeRoutes(
  auth: AuthServer,
  publicUrl: string,
  sendMail: (mail: Mail) => void | Promise<void>,
): Hono<{ Bindings: AuthServerEnvironment }> {
  const codes = createBrowserMemory<SentCode>("email_code", publicUrl.startsWith("https:"));
  const sent = new Map<string, number[]>();
  const app = new Hono<{ Bindings: AuthServerEnvironment }>();

  app.post("/", async (context) => {
    const { email } = await context.req.json<{ email?: unknown }>();
    if (typeof email !== "string" || !/^\S{1,64}@\S{1,255}$/.test(email)) {
      return context.json({ detail: "EMAIL_INVALID" }, 422);
    }
    const code = String(randomInt(1_000_000)).padStart(6, "0");
    codes.keep(context, { email, hash: hashOf(code), attemptsLeft: 5 });
    // The answer is the same for every address: it tells nobody who has an account.
    if (mayMail(email)) {
      const link = new URL(`/sign-in/code/link?code=${code}`, publicUrl);
      await sendMail({ to: email, text: `Your code is ${code}. Or open ${link.href}` });
    }
    return context.body(null, 204);
  });

  app.post("/answer", async (context) => {
    const { code, persistent = true } = await context.req.json<{ code?: unknown; persistent?: boolean }>();
    const email = emailOf(context, code);
    if (email === null) return context.json({ detail: "CODE_REJECTED" }, 400);
    const { id } = await findOrAddByEmail(auth, email);
    const proof = { method: "emailCode", amr: ["otp"], persistent };
    return auth.startSession(id, context.req.raw, { ...proof, environment: context.env });
  });

  // Programs that look at the links in a mail have no cookie of this browser, and use nothing up.
  app.get("/link", async (context) => {
    const email = emailOf(context, context.req.query("code"));
    if (email === null) return context.redirect("/?failed=link", 303);
    const { id } = await findOrAddByEmail(auth, email);
    const proof = { method: "emailLink", amr: ["otp"] };
    return auth.startSession(id, context.req.raw, { ...proof, redirectTo: "/?adopt", environment: context.env });
  });

  function emailOf(context: Context, code: unknown): string | null {
    const known = codes.read(context);
    if (known === null || typeof code !== "string" || known.attemptsLeft === 0) return null;
    known.attemptsLeft -= 1;
    if (!timingSafeEqual(hashOf(code), known.hash)) return null;
    codes.forget(context);
    return known.email;
  }

  function mayMail(email: string): boolean {
    const key = email.toLowerCase();
    const recent = (sent.get(key) ?? []).filter((moment) => moment > Date.now() - HOUR_MS);
    if (recent.length >= MAX_MAILS_PER_HOUR) return false;
    sent.set(key, [...recent, Date.now()]);
    return true;
  }

  return app;
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
