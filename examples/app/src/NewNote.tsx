import { type FormEvent, type KeyboardEvent, useRef, useState } from "react";
import { describeSaving } from "./describeSaving.ts";
import { useAddNote } from "./notesQueries.ts";

export function NewNote() {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const add = useAddNote();
  const isEmpty = text.trim() === "";

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isEmpty || add.isPending) return;
    // The button that was pressed has nothing to save any more.
    field.current?.focus();
    add.mutate(text, { onSuccess: () => setText((current) => (current === text ? "" : current)) });
  };

  return (
    <form className="card new-note" onSubmit={submit}>
      <label>
        <span className="label">New note</span>
        <textarea
          ref={field}
          dir="auto"
          rows={3}
          maxLength={4_000}
          placeholder="What should not be forgotten?"
          value={text}
          readOnly={add.isPending}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={submitByKeyboard}
        />
      </label>
      <div className="form-foot">
        <span className="hint" role="status">
          {describeSaving(add, "Ctrl + Enter saves")}
        </span>
        <button className="primary" type="submit" disabled={isEmpty || add.isPending}>
          Save note
        </button>
      </div>
    </form>
  );
}

/** Ctrl + Enter, or ⌘ + Enter. */
export function submitByKeyboard(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}
