import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isAxiosError } from "axios";
import { createContext, type ReactNode, use } from "react";
import { api } from "./auth.ts";
import { refetchNotes } from "./notesQueries.ts";

interface NoteAdoption {
  readonly status: "none" | "underWay" | "failed";
  /** Moves the guest's notes to whoever is signed in now; the guest's token is the proof that both are one person. */
  adopt(guestToken: string): void;
  dismiss(): void;
}

const AdoptionContext = createContext<NoteAdoption>({ status: "none", adopt: () => {}, dismiss: () => {} });

export const useNoteAdoption = (): NoteAdoption => use(AdoptionContext);

/** Stands above the page that is keyed by the subject: what becomes of a guest's notes is told after the guest is gone. */
export function NoteAdoptionProvider({ children }: { children: ReactNode }) {
  const queryClient = useQueryClient();
  const adoption = useMutation({
    mutationFn: (guestToken: string) => api.post("/api/notes/adopt", { guestToken }),
    retry: (count, error) => count < 3 && !(isAxiosError(error) && error.response !== undefined),
    onSuccess: () => refetchNotes(queryClient),
  });
  const status = adoption.isPending ? "underWay" : adoption.isError ? "failed" : "none";
  return (
    <AdoptionContext value={{ status, adopt: adoption.mutate, dismiss: adoption.reset }}>{children}</AdoptionContext>
  );
}

/** Says that the notes did not come along, since an empty list would look as if they had never been. */
export function AdoptionNotice() {
  const { status, dismiss } = useNoteAdoption();
  return (
    <div role="alert">
      {status === "failed" && (
        <p className="outage">
          You are signed in, but the notes that you wrote as a guest could not be brought along.{" "}
          <button type="button" className="link" onClick={dismiss}>
            I see
          </button>
        </p>
      )}
    </div>
  );
}
