import { type FormEvent, useEffect, useRef, useState } from "react";
import { describeSaving } from "./describeSaving.ts";
import { momentFormat } from "./momentFormat.ts";
import { submitByKeyboard } from "./NewNote.tsx";
import { type Note, useChangeNote, useRemoveNote } from "./notesQueries.ts";
import { catchFocus } from "./usePage.ts";

export function NoteItem({ note }: { note: Note }) {
  const [draft, setDraft] = useState<string | null>(null);
  const editButton = useRef<HTMLButtonElement>(null);
  const change = useChangeNote();
  const remove = useRemoveNote();
  const name = note.text.slice(0, 40);
  const isRemoved = remove.isSuccess;
  useEffect(() => (isRemoved ? catchFocus : undefined), [isRemoved]);

  const stopEditing = (): void => {
    setDraft(null);
    // When the button is there again.
    requestAnimationFrame(() => editButton.current?.focus());
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (draft === null || draft.trim() === "" || change.isPending) return;
    change.mutate({ id: note.id, text: draft }, { onSuccess: stopEditing });
  };

  if (draft !== null) {
    return (
      <li className="card note">
        <form onSubmit={submit}>
          <label>
            <span className="hidden">Edit note</span>
            <textarea
              dir="auto"
              rows={4}
              maxLength={4_000}
              autoFocus
              value={draft}
              onChange={(event) => setDraft(event.target.value)}
              onKeyDown={(event) => (event.key === "Escape" ? stopEditing() : submitByKeyboard(event))}
            />
          </label>
          <div className="form-foot">
            <span className="hint" role="status">
              {describeSaving(change, "")}
            </span>
            <button type="button" className="plain small" onClick={stopEditing}>
              Cancel
            </button>
            <button className="primary small" type="submit" disabled={draft.trim() === "" || change.isPending}>
              Save
            </button>
          </div>
        </form>
      </li>
    );
  }
  return (
    <li className="card note">
      <p className="note-text" dir="auto">
        {note.text}
      </p>
      <div className="note-foot">
        <time className="hint" dateTime={new Date(note.updatedAt).toISOString()}>
          {momentFormat.format(note.updatedAt)}
        </time>
        {remove.isError && (
          <span className="problem" role="alert">
            Not deleted.
          </span>
        )}
        <button
          ref={editButton}
          type="button"
          className="ghost small"
          aria-label={`Edit note: ${name}`}
          onClick={() => setDraft(note.text)}
        >
          Edit
        </button>
        <button
          type="button"
          className="ghost small"
          aria-label={`Delete note: ${name}`}
          aria-disabled={remove.isPending}
          onClick={() => remove.isPending || remove.mutate(note.id)}
        >
          Delete
        </button>
      </div>
    </li>
  );
}
