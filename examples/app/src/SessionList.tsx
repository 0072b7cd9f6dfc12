import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "./auth.ts";
import { momentFormat } from "./momentFormat.ts";
import { catchFocus } from "./usePage.ts";

interface Session {
  id: string;
  created_at: string;
  user_agent: string | null;
  client_name: string | null;
  bound: boolean;
  current: boolean;
}

const queryKey = ["sessions"];

/** Where this person is signed in, and the way to end it from here. */
export function SessionList() {
  const queryClient = useQueryClient();
  const { data: sessions = [] } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await api.get<Session[]>("/v1/auth/sessions", { signal })).data,
  });
  const end = useMutation({
    mutationFn: async (id: string) => {
      await api.delete(`/v1/auth/sessions/${encodeURIComponent(id)}`);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey }),
  });

  const hasEnded = end.isSuccess;
  useEffect(() => {
    if (hasEnded) catchFocus();
  }, [hasEnded, sessions]);

  return (
    <section className="panel" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Where you are signed in</h2>
      <ul className="session-list">
        {sessions.map((session) => (
          <li key={session.id}>
            <div>
              <span className="session-name">{nameOf(session)}</span>
              <span className="hint">
                {session.current ? "this browser" : `since ${momentFormat.format(new Date(session.created_at))}`}
                {session.bound && ", bound to a key of its own"}
              </span>
            </div>
            {!session.current && (
              <button
                type="button"
                className="plain small"
                aria-label={`End the session on ${nameOf(session)}`}
                aria-disabled={end.isPending}
                onClick={() => end.isPending || end.mutate(session.id)}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      <p className="hint">
        A command line can sign in, too: <a href="/device">approve its code</a>.
      </p>
    </section>
  );
}

function nameOf({ client_name: clientName, user_agent: userAgent }: Session): string {
  if (clientName !== null) return clientName;
  const browser = ["Firefox", "Edg", "OPR", "Chrome", "Safari"].find((name) => userAgent?.includes(name));
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].find((name) => userAgent?.includes(name));
  const known = { Edg: "Edge", OPR: "Opera" }[browser ?? ""] ?? browser;
  return [known ?? "A program", system].filter((part) => part !== undefined).join(" on ");
}
