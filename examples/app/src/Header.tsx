import { type ReactNode, useState } from "react";
import { useAuth, useSession } from "stay-signed-in";
import { Brand } from "./Brand.tsx";
import { type CredentialsAction, CredentialsForm } from "./CredentialsForm.tsx";
import { Dialog } from "./Dialog.tsx";
import { TokenLine } from "./TokenStatus.tsx";

/** Stays in sight, with what is told in it. */
export function Header({ children }: { children: ReactNode }) {
  const auth = useAuth();
  const { user } = useSession();
  const [isUpgrading, setIsUpgrading] = useState(false);
  const [action, setAction] = useState<CredentialsAction>("register");
  const isGuest = auth.status === "authenticated" && auth.identity.isGuest;

  return (
    <header className="header">
      <div className="header-row">
        <Brand />
        <div className="account">
          <span className="account-name" dir="auto">
            {isGuest ? "Guest" : (user?.email ?? "")}
          </span>
          {isGuest && (
            <button type="button" className="primary small" onClick={() => setIsUpgrading(true)}>
              Keep my notes
            </button>
          )}
          {/* A server that cannot be reached now is told later; here the sign-out counts at once. */}
          <button type="button" className="plain small" onClick={() => void auth.signOut().catch(() => {})}>
            Sign out
          </button>
        </div>
      </div>
      <TokenLine />
      {children}
      <Dialog isOpen={isUpgrading} title="Keep your notes" onClose={() => setIsUpgrading(false)}>
        <p>Make an account, or sign in to one that you have. The notes you wrote as a guest come along.</p>
        <CredentialsForm action={action} onSwitch={setAction} />
      </Dialog>
    </header>
  );
}
