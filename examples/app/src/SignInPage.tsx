import { useRef, useState } from "react";
import { useAuth } from "stay-signed-in";
import { Brand } from "./Brand.tsx";
import { type CredentialsAction, CredentialsForm } from "./CredentialsForm.tsx";
import { explain } from "./explain.ts";
import { usePage } from "./usePage.ts";

interface SignInPageProps {
  reason: "none" | "signedOut" | "expired" | "revoked";
  wasGuest: boolean;
}

export function SignInPage({ reason, wasGuest }: SignInPageProps) {
  const auth = useAuth();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [action, setAction] = useState<CredentialsAction>("signIn");
  const isForDevice = location.pathname === "/device";
  const title = titleOf(action, isForDevice);
  const heading = useRef<HTMLHeadingElement>(null);
  usePage(title, heading);
  const news = newsOf(reason, wasGuest);

  const continueAsGuest = (): void => {
    if (isBusy) return;
    setIsBusy(true);
    setProblem("");
    auth
      .signInAsGuest()
      .catch((error: unknown) => setProblem(explain(error)))
      .finally(() => setIsBusy(false));
  };

  return (
    <main className="entrance">
      <section className="pitch">
        <Brand />
        <h1>Write it down. It will still be yours tomorrow.</h1>
        <p>
          A small app that shows what <code>stay-signed-in</code> does. Access tokens live for 20 seconds here, and you
          will not notice: not in three tabs, not after a reload, not when the server is away for a while.
        </p>
      </section>
      <section className="card" aria-labelledby="sign-in-title">
        <h2 id="sign-in-title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {news !== "" && (
          <p className="notice" role="status">
            {news}
          </p>
        )}
        <CredentialsForm action={action} onSwitch={setAction} />
        {!isForDevice && (
          <>
            <p className="or">or</p>
            <button type="button" className="plain wide" aria-disabled={isBusy} onClick={continueAsGuest}>
              Continue as guest
            </button>
            <p className="problem" role="alert">
              {problem}
            </p>
          </>
        )}
      </section>
    </main>
  );
}

function titleOf(action: CredentialsAction, isForDevice: boolean): string {
  const title = action === "register" ? "Create an account" : "Sign in";
  return isForDevice ? `${title} to approve a device` : title;
}

function newsOf(reason: SignInPageProps["reason"], wasGuest: boolean): string {
  if (reason === "signedOut") return "You are signed out, in every tab.";
  if (reason === "revoked") return "This session was ended from another device.";
  if (reason === "expired")
    return wasGuest ? "Your time as a guest is over." : "Your session has expired. Please sign in again.";
  return "";
}
