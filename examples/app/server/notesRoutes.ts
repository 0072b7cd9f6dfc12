import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type AuthServer, requireUser } from "stay-signed-in/server";
import { z } from "zod";
import type { NotesStore } from "./createNotesStore.ts";

const noteInput = z.object({ text: z.string().trim().min(1).max(4_000) });
const adoptionInput = z.object({ guestToken: z.string() });

/**
 * The application's own API: whoever brings a good access token gets their own notes.
 *
 * @param onChange is told whose notes are not what they were.
 */
export function notesRoutes(auth: AuthServer, notes: NotesStore, onChange: (subject: string) => void) {
  const routes = new Hono()
    .use(bodyLimit({ maxSize: 32 * 1024 }))
    .use(requireUser(auth))
    .get("/", (context) => context.json(notes.list(context.var.user.subject)))
    .post("/", async (context) => {
      const input = noteInput.safeParse(await context.req.json().catch(() => null));
      if (!input.success) return context.json({ detail: "NOTE_INVALID" }, 422);
      const note = notes.add(context.var.user.subject, input.data.text);
      onChange(context.var.user.subject);
      return context.json(note, 201);
    })
    .put("/:id", async (context) => {
      const input = noteInput.safeParse(await context.req.json().catch(() => null));
      if (!input.success) return context.json({ detail: "NOTE_INVALID" }, 422);
      const note = notes.change(context.var.user.subject, context.req.param("id"), input.data.text);
      if (note === undefined) return context.json({ detail: "NOTE_UNKNOWN" }, 404);
      onChange(context.var.user.subject);
      return context.json(note);
    })
    .delete("/:id", (context) => {
      notes.remove(context.var.user.subject, context.req.param("id"));
      onChange(context.var.user.subject);
      return context.body(null, 204);
    })
    // A guest who makes an account is a new subject. Two good tokens, the guest's and the new one, show that both are the
    // same person's, and that the notes may move.
    .post("/adopt", async (context) => {
      const { user } = context.var;
      const input = adoptionInput.safeParse(await context.req.json().catch(() => null));
      if (!input.success || user.isGuest) return context.json({ detail: "ADOPTION_INVALID" }, 422);
      const guest = await auth.verifyAccessToken(input.data.guestToken).catch(() => null);
      if (guest === null || !guest.isGuest) return context.json({ detail: "ADOPTION_INVALID" }, 422);
      notes.adopt(user.subject, guest.subject);
      onChange(user.subject);
      return context.body(null, 204);
    });
  return routes;
}
