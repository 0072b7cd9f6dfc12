import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useAuth } from "stay-signed-in";
import { api } from "./auth.ts";
import { explain } from "./explain.ts";

interface CredentialsFormProps {
  startWith?: "signIn" | "register";
  /** Asks for the password of this account and no other. */
  account?: string;
}

export function CredentialsForm({ startWith = "signIn", account }: CredentialsFormProps) {
  const auth = useAuth();
  const queryClient = useQueryClient();
  const passwordHint = useId();
  const [action, setAction] = useState(startWith);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const isRegistering = action === "register";

  const enter = async (email: string, password: string): Promise<void> => {
    const isGuest = auth.status === "authenticated" && auth.identity.isGuest;
    const guestToken = isGuest ? await auth.getAccessToken() : null;
    if (isRegistering) await auth.register({ email, password });
    else await auth.signIn({ username: email, password });
    if (guestToken === null) return;
    await api.post("/api/notes/adopt", { guestToken });
    await queryClient.invalidateQueries({ queryKey: ["notes"] });
  };

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setIsBusy(true);
    setProblem("");
    enter(textOf(fields, "email"), textOf(fields, "password"))
      .catch((error: unknown) => setProblem(explain(error)))
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
          aria-describedby={isRegistering ? passwordHint : undefined}
          required
          autoFocus={account !== undefined}
        />
      </label>
      {isRegistering && (
        <p id={passwordHint} className="hint">
          At least 8 characters. Any address will do: nothing is sent.
        </p>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
      <button className="primary" type="submit" disabled={isBusy}>
        {isBusy ? "One moment…" : isRegistering ? "Create account" : "Sign in"}
      </button>
      {account === undefined && (
        <p className="switch">
          {isRegistering ? "You have an account? " : "No account yet? "}
          <button
            type="button"
            className="link"
            onClick={() => {
              setAction(isRegistering ? "signIn" : "register");
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

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}
