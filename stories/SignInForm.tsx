import { type ReactElement, useState } from "react";
import { isAuthError } from "../src/core/authError.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { StoryForm } from "./StoryForm.tsx";

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

  const submit = (field: (name: string) => string): void => {
    const email = field("email");
    const secret = field("password");
    setIsBusy(true);
    setProblem("");
    const work =
      action === "register"
        ? auth.register({ email, password: secret })
        : auth.signIn({ username: email, password: secret });
    work.catch((error: unknown) => setProblem(explain(error))).finally(() => setIsBusy(false));
  };

  return (
    <StoryForm
      title={title}
      label={context === undefined ? title : `${title}: ${context}`}
      action={isBusy ? "One moment…" : title}
      isBusy={isBusy}
      problem={problem}
      onSubmit={submit}
    >
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
    </StoryForm>
  );
}

function explain(error: unknown): string {
  if (isAuthError(error, "credentialsRejected")) return "The e-mail or the password is wrong.";
  if (isAuthError(error, "registrationRejected"))
    return error.reason ?? "There is an account with this address already.";
  if (isAuthError(error, "rateLimited")) return "Too many attempts. Please wait a moment.";
  if (isAuthError(error, "unavailable")) return "The server cannot be reached. Check your connection and try again.";
  return "That did not work. Please try again.";
}
