import { type FormEvent, useId, useState } from "react";
import { isAuthError, useAuth } from "stay-signed-in";
import { explain } from "./explain.ts";
import { useNoteAdoption } from "./NoteAdoption.tsx";

export type CredentialsAction = "signIn" | "register";

interface CredentialsFormProps {
  action?: CredentialsAction;
  /** Left out: there is nothing to choose. */
  onSwitch?: (action: CredentialsAction) => void;
  /** Asks for the password of this account and no other. */
  account?: string;
}

export function CredentialsForm({ action = "signIn", onSwitch, account }: CredentialsFormProps) {
  const auth = useAuth();
  const { adopt } = useNoteAdoption();
  const hintId = useId();
  const problemId = useId();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const isRegistering = action === "register";

  const enter = async (email: string, password: string): Promise<void> => {
    const isGuest = auth.status === "authenticated" && auth.identity.isGuest;
    const guestToken = isGuest ? await auth.getAccessToken() : null;
    if (isRegistering) await auth.register({ email, password });
    else await auth.signIn({ username: email, password });
    if (guestToken !== null) adopt(guestToken);
  };

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isBusy) return;
    const form = event.currentTarget;
    const fields = new FormData(form);
    setIsBusy(true);
    setProblem("");
    enter(textOf(fields, "email"), textOf(fields, "password"))
      .catch((error: unknown) => {
        setProblem(explain(error, account !== undefined));
        form.querySelector<HTMLInputElement>(`[name=${isAboutAddress(error) ? "email" : "password"}]`)?.focus();
      })
      .finally(() => setIsBusy(false));
  };

  return (
    <form className="form" onSubmit={submit}>
      <label>
        E-mail
        <input
          name="email"
          type="email"
          autoComplete="username"
          required
          readOnly={account !== undefined}
          defaultValue={account}
          aria-describedby={problemId}
          autoFocus={account === undefined}
        />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete={isRegistering ? "new-password" : "current-password"}
          minLength={isRegistering ? 8 : undefined}
          aria-describedby={isRegistering ? `${problemId} ${hintId}` : problemId}
          required
          autoFocus={account !== undefined}
        />
      </label>
      {isRegistering && (
        <p id={hintId} className="hint">
          At least 8 characters. Any address will do: nothing is sent.
        </p>
      )}
      <p id={problemId} className="problem" role="alert">
        {problem}
      </p>
      <button className="primary" type="submit" aria-disabled={isBusy}>
        {isBusy ? "One moment…" : isRegistering ? "Create account" : "Sign in"}
      </button>
      {onSwitch !== undefined && (
        <p className="switch">
          {isRegistering ? "You have an account? " : "No account yet? "}
          <button
            type="button"
            className="link"
            onClick={() => {
              onSwitch(isRegistering ? "signIn" : "register");
              setProblem("");
            }}
          >
            {isRegistering ? "Sign in" : "Create one"}
          </button>
        </p>
      )}
    </form>
  );
}

/** Where an account of that address exists; a password that is not taken comes with its reason. */
function isAboutAddress(error: unknown): boolean {
  return isAuthError(error) && error.code === "registrationRejected" && error.reason === undefined;
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}
