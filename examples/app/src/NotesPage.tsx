import { useRef } from "react";
import { useAuth } from "stay-signed-in";
import { LiveStatus } from "./LiveStatus.tsx";
import { NewNote } from "./NewNote.tsx";
import { useNoteAdoption } from "./NoteAdoption.tsx";
import { NoteItem } from "./NoteItem.tsx";
import { NoticeList } from "./NoticeList.tsx";
import { SessionList } from "./SessionList.tsx";
import { TokenStatus } from "./TokenStatus.tsx";
import { useNotes } from "./notesQueries.ts";
import { usePage } from "./usePage.ts";

export function NotesPage() {
  const isGuest = useAuth((auth) => auth.status === "authenticated" && auth.identity.isGuest);
  const heading = useRef<HTMLHeadingElement>(null);
  usePage("Your notes", heading);
  return (
    <div className="columns">
      <div className="notes">
        <h1 className="hidden" ref={heading} tabIndex={-1}>
          Your notes
        </h1>
        <NewNote />
        <NoteList />
      </div>
      <aside className="side" aria-label="Your session">
        <TokenStatus />
        <LiveStatus />
        {isGuest ? (
          <section className="panel" aria-labelledby="guest-title">
            <h2 id="guest-title">You are a guest</h2>
            <p className="hint">These notes are tied to this browser. Make an account to keep them: they come along.</p>
          </section>
        ) : (
          <>
            <SessionList />
            <NoticeList />
          </>
        )}
      </aside>
    </div>
  );
}

function NoteList() {
  const { data: notes, isPending, isPaused, isError, refetch } = useNotes();
  const adoption = useNoteAdoption();
  if (adoption.status === "underWay") return <p role="status">Bringing your notes along…</p>;
  if (isPending) {
    return (
      <p role="status">{isPaused ? "Your notes are fetched when the network is back." : "Fetching your notes…"}</p>
    );
  }
  if (isError) {
    return (
      <p className="notice" role="alert">
        Your notes could not be fetched.{" "}
        <button type="button" className="link" onClick={() => void refetch()}>
          Try again
        </button>
      </p>
    );
  }
  if (notes.length === 0) {
    return (
      <div className="empty">
        <p>Nothing here yet.</p>
        <p className="hint">Write your first note above, then open this page in a second tab.</p>
      </div>
    );
  }
  return (
    <ul className="note-list">
      {notes.map((note) => (
        <NoteItem key={note.id} note={note} />
      ))}
    </ul>
  );
}
