import type { FormEvent, ReactElement, ReactNode } from "react";

interface StoryFormProps {
  title: string;
  /** Tells apart several forms of one page, for those who only hear it. */
  label?: string;
  /** What the button says. */
  action: string;
  isBusy?: boolean;
  /** What went wrong, or nothing. */
  problem: string;
  onSubmit(field: (name: string) => string): void;
  /** The fields. */
  children: ReactNode;
}

/** What all forms of the stories look like. */
export function StoryForm(props: StoryFormProps): ReactElement {
  const { title, label = title, action, isBusy = false, problem, onSubmit, children } = props;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    onSubmit((name) => {
      const value = fields.get(name);
      return typeof value === "string" ? value : "";
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label={label}>
      <h2>{title}</h2>
      {children}
      <div>
        <button className="main" type="submit" disabled={isBusy}>
          {action}
        </button>
      </div>
      {problem !== "" && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
