import { type ReactElement, useMemo, useState, useSyncExternalStore } from "react";
import { useAuthClient } from "../react/useAuthClient.ts";
import { ActionsSection } from "./ActionsSection.tsx";
import { createAuthHistory } from "./authHistory.ts";
import { devtoolsStyles } from "./devtoolsStyles.ts";
import { HistorySection } from "./HistorySection.tsx";
import { StatusSection } from "./StatusSection.tsx";
import { TokenSection } from "./TokenSection.tsx";

/** Where the panel stands, and how it looks at first. */
export interface AuthDevtoolsProps {
  /** Whether the panel is open at first. Default: false, only its button is there. */
  initiallyOpen?: boolean;
  /** `"corner"` (default) floats in the corner of the window; `"inline"` stands where it is put, always open. */
  placement?: "corner" | "inline";
  /** Default: `"system"`, what the reader's system prefers. */
  theme?: "system" | "light" | "dark";
}

/**
 * Shows what the client knows and does: status, subject, session, the token's life (the token itself only as its last four
 * characters), refreshes, events; and tries things by hand. Put it anywhere below `<AuthProvider>`, in development.
 *
 * @example
 * {import.meta.env.DEV && <AuthDevtools />}
 */
export function AuthDevtools(props: AuthDevtoolsProps): ReactElement {
  const { initiallyOpen = false, placement = "corner", theme = "system" } = props;
  const client = useAuthClient();
  const [isOpened, setIsOpened] = useState(initiallyOpen);
  const history = useMemo(() => createAuthHistory(client), [client]);
  const recorded = useSyncExternalStore(history.subscribe, history.getHistory, history.getHistory);
  const isOpen = isOpened || placement === "inline";

  return (
    <div className="stay-signed-in-devtools" data-placement={placement} data-theme={theme}>
      <style>{devtoolsStyles}</style>
      {placement === "corner" && (
        <button type="button" className="toggle" aria-expanded={isOpen} onClick={() => setIsOpened(!isOpen)}>
          {isOpen ? "Close session devtools" : "Session devtools"}
        </button>
      )}
      {isOpen && (
        <section className="panel" aria-label="Session devtools">
          <h2>Session</h2>
          <StatusSection />
          <h2>Access token</h2>
          <TokenSection />
          <h2>Try</h2>
          <ActionsSection />
          <HistorySection history={recorded} onClear={history.clear} />
        </section>
      )}
    </div>
  );
}
