import { useState } from "react";
import { useAuth, useSession } from "stay-signed-in";
import { CredentialsForm } from "./CredentialsForm.tsx";
import { Dialog } from "./Dialog.tsx";

/** Asks for the password in place. Nothing below it is unmounted, and what was sent meanwhile waits for the answer. */
export function SessionExpiredDialog({ isOpen }: { isOpen: boolean }) {
  const auth = useAuth();
  const { user } = useSession();
  const [email, setEmail] = useState<string>();
  // `useSession` answers for a live session only, and this dialog needs the address after its end.
  if (typeof user?.email === "string" && user.email !== email) setEmail(user.email);

  return (
    <Dialog isOpen={isOpen} title="Your session has expired">
      <p>Sign in again to go on where you were. What you have typed is still there.</p>
      <CredentialsForm {...(email !== undefined && { account: email })} />
      <p className="switch">
        Not you?{" "}
        <button type="button" className="link" onClick={() => void auth.signOut().catch(() => {})}>
          Sign out
        </button>
      </p>
    </Dialog>
  );
}
