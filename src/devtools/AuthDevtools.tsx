import { type KeyboardEvent, type ReactElement, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useAuthClient } from "../react/useAuthClient.ts";
import { ActionsSection } from "./ActionsSection.tsx";
import { createAuthHistory } from "./authHistory.ts";
import { devtoolsStyles } from "./devtoolsStyles.ts";
import { HistorySection } from "./HistorySection.tsx";
import { RenewalSection } from "./RenewalSection.tsx";
import { StatusSection } from "./StatusSection.tsx";
import { TokenSection } from "./TokenSection.tsx";
import { useSimulation } from "./useSimulation.ts";

/** How the panel of {@link AuthDevtools} stands and looks. */
export interface AuthDevtoolsProps {
  /** Whether a production build shows it too. Default: false, it renders nothing there. */
  showInProduction?: boolean;
  /** For a content security policy that allows only styles with this nonce. Default: none. */
  nonce?: string;
  /** Whether the panel is open at first. Default: false, only its button is there. */
  initiallyOpen?: boolean;
  /** `"corner"` (default) floats in the corner of the window; `"inline"` stands where it is put, always open. */
  placement?: "corner" | "inline";
  /** Default: `"system"`, what the reader's system prefers. */
  theme?: "system" | "light" | "dark";
}

/**
 * Shows what the client knows and does: status, subject, session, the token's life (the token itself only as its last four
 * characters), what is planned next and why, refreshes with their trigger, duration, outcome and tab, other tabs, the lock, the
 * backoff, events; and tries things by hand: a refresh, an expired token, no network, the end of the session. Put it anywhere
 * below `<AuthProvider>`. In a production build it renders nothing unless it is told to.
 *
 * @example
 * <AuthProvider client={auth}>
 *   <App />
 *   <AuthDevtools />
 * </AuthProvider>
 */
export function AuthDevtools({ showInProduction = false, ...panel }: AuthDevtoolsProps): ReactElement | null {
  return showInProduction || isDevelopment() ? <Panel {...panel} /> : null;
}

/** By what bundlers write into every page with React. Where nobody has, nothing is known, and nothing shown. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== "production";
  } catch {
    return false;
  }
}

function Panel(props: Omit<AuthDevtoolsProps, "showInProduction">): ReactElement {
  const { initiallyOpen = false, placement = "corner", theme = "system", nonce } = props;
  const client = useAuthClient();
  const [isOpened, setIsOpened] = useState(initiallyOpen);
  const toggle = useRef<HTMLButtonElement>(null);
  const history = useMemo(() => createAuthHistory(client), [client]);
  const recorded = useSyncExternalStore(history.subscribe, history.getHistory, history.getHistory);
  const simulation = useSimulation(client);
  const isOpen = isOpened || placement === "inline";

  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || placement === "inline") return;
    setIsOpened(false);
    toggle.current?.focus();
  };

  return (
    <div className="stay-signed-in-devtools" data-placement={placement} data-theme={theme}>
      <style nonce={nonce}>{devtoolsStyles}</style>
      {placement === "corner" && (
        <button
          ref={toggle}
          type="button"
          className="stay-toggle"
          aria-expanded={isOpen}
          onClick={() => setIsOpened(!isOpen)}
        >
          {isOpen ? "Close session devtools" : "Session devtools"}
          {simulation.isOffline && " (offline)"}
        </button>
      )}
      {isOpen && (
        <section className="stay-panel" aria-label="Session devtools" onKeyDown={closeOnEscape}>
          <div>
            <h2>Session</h2>
            <StatusSection />
            <h2>Access token</h2>
            <TokenSection />
            <h2>Renewal</h2>
            <RenewalSection />
          </div>
          <div>
            <h2>Try</h2>
            <ActionsSection simulation={simulation} />
            <HistorySection history={recorded} onClear={history.clear} />
          </div>
        </section>
      )}
    </div>
  );
}
