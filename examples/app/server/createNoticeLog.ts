import { Hono } from "hono";
import { type AccountNotice, type AuthServer, requireUser } from "stay-signed-in/server";

const KEPT = 5;

/** Keeps each account's last notices for its page, until the server ends. Yours would send them by e-mail as well. */
export function createNoticeLog() {
  const bySubject = new Map<string, readonly AccountNotice[]>();
  return {
    add(notice: AccountNotice): void {
      bySubject.set(notice.subject, [notice, ...(bySubject.get(notice.subject) ?? [])].slice(0, KEPT));
    },
    routes: (auth: AuthServer) =>
      new Hono().get("/", requireUser(auth, { checkSession: true, allowGuests: false }), (context) => {
        const notices = bySubject.get(context.var.user.subject) ?? [];
        return context.json(notices.map(({ type, at, device, address }) => ({ type, at, device, address })));
      }),
  };
}
