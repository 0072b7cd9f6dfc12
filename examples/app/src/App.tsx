import { useEffect } from "react";
import { useAuth } from "stay-signed-in";
import { DevicePage } from "./DevicePage.tsx";
import { Header } from "./Header.tsx";
import { AdoptionNotice } from "./NoteAdoption.tsx";
import { NotesPage } from "./NotesPage.tsx";
import { OutageNotice } from "./OutageNotice.tsx";
import { SessionExpiredDialog } from "./SessionExpiredDialog.tsx";
import { SignInPage } from "./SignInPage.tsx";

export function App() {
  const auth = useAuth();
  const page = location.pathname === "/device" ? <DevicePage /> : <NotesPage />;

  if (auth.status === "loading") return <Starting />;
  if (auth.status === "authenticated") return <Shell key={auth.identity.subject}>{page}</Shell>;

  // A session that ran out leaves the page where it is, with everything that was typed, and asks for the password over it.
  // One that was ended on purpose, here or from another device, takes the page away.
  const { reason, previousIdentity } = auth;
  if (reason === "expired" && previousIdentity !== null && !previousIdentity.isGuest) {
    return (
      <Shell key={previousIdentity.subject} isExpired>
        {page}
      </Shell>
    );
  }
  return <SignInPage reason={reason} wasGuest={previousIdentity?.isGuest === true} />;
}

interface ShellProps {
  isExpired?: boolean;
  children: React.ReactNode;
}

/** Keyed by the subject: nothing that one person typed or saw is ever left for the next. */
function Shell({ isExpired = false, children }: ShellProps) {
  // The page before this one may have been scrolled to its button.
  useEffect(() => {
    scrollTo(0, 0);
  }, []);
  return (
    <>
      <Header>
        <OutageNotice />
        <AdoptionNotice />
      </Header>
      <main className="page">{children}</main>
      <SessionExpiredDialog isOpen={isExpired} />
    </>
  );
}

function Starting() {
  return (
    <p className="starting" role="status">
      One moment…
    </p>
  );
}
