import { type FormEvent, type ReactElement, useState } from "react";
import { isAuthError } from "../src/core/authError.ts";
import { useAuth } from "../src/react/useAuth.ts";

export interface SignInFormProps {
  title?: string;
  username?: string;
  /** Tells apart several forms of one page, for those who only hear it. */
  context?: string;
  /** `register` makes an account instead. */
  action?: "signIn" | "register";
}

/** A sign-in form as an app would write it: labels, a busy state, and an answer for each way to fail. */
export function SignInForm(props: SignInFormProps): ReactElement {
  const { title = "Sign in", username = "", context, action = "signIn" } = props;
  const auth = useAuth();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const email = textOf(fields, "email");
    const secret = textOf(fields, "password");
    setIsBusy(true);
    setProblem("");
    const work =
      action === "register"
        ? auth.register({ email, password: secret })
        : auth.signIn({ username: email, password: secret });
    work.catch((error: unknown) => setProblem(explain(error))).finally(() => setIsBusy(false));
  };

  return (
    <form className="form" onSubmit={submit} aria-label={context === undefined ? title : `${title}: ${context}`}>
      <h2>{title}</h2>
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required defaultValue={username} />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete={action === "register" ? "new-password" : "current-password"}
          required
        />
      </label>
      <div>
        <button className="main" type="submit" disabled={isBusy}>
          {isBusy ? "One moment…" : title}
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

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

function explain(error: unknown): string {
  if (isAuthError(error, "credentialsRejected")) return "The e-mail or the password is wrong.";
  if (isAuthError(error, "registrationRejected"))
    return error.reason ?? "There is an account with this address already.";
  if (isAuthError(error, "rateLimited")) return "Too many attempts. Please wait a moment.";
  if (isAuthError(error, "unavailable")) return "The server cannot be reached. Check your connection and try again.";
  return "That did not work. Please try again.";
}
