import type { ReactElement } from "react";
import { DevtoolsSections } from "./DevtoolsSections.tsx";
import { FloatingDevtools } from "./FloatingDevtools.tsx";
import { isDevelopment } from "./isDevelopment.ts";
import type { Corner } from "./useLayout.ts";
import { useDevtools } from "./useDevtools.ts";
import { useStyles } from "./useStyles.tsx";

/** How the panel of {@link AuthDevtools} stands and looks. */
export interface AuthDevtoolsProps {
  /** Whether a production build shows it too, without "Copy token". Default: false, it renders nothing there. */
  showInProduction?: boolean;
  /** For a content security policy that allows only styles with this nonce. Default: none; a style sheet made by script is used. */
  nonce?: string;
  /** Whether the panel is open at first, where nothing is remembered. Default: false, only its button is there. */
  initiallyOpen?: boolean;
  /**
   * `"corner"` (default): a button in a corner of the window, and a panel that is docked below the page. `"inline"` stands
   * where it is put, always open.
   */
  placement?: "corner" | "inline";
  /** The corner of the button, where nobody has moved it. Default: the first one in which it covers no control. */
  position?: Corner;
  /** Default: `"system"`, what the reader's system prefers. */
  theme?: "system" | "light" | "dark";
}

/**
 * Shows what the client knows and does: status, subject, session, the token's life and claims (the token itself only as its
 * last four characters), what is planned next and why, the refreshes of all tabs with their trigger, duration and outcome (who
 * asked the server, who waited, who adopted), the app's authorized requests (waited, held, renewed, resent), the tabs, the
 * lock, the backoff, events; and tries things by hand: no network, a slow server, a refusal, an expired token, the end of the
 * session, another user. Its button remembers where it was put and whether the panel was open. Put it anywhere below
 * `<AuthProvider>`. In a production build it renders nothing unless it is told to.
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

function Panel(props: Omit<AuthDevtoolsProps, "showInProduction">): ReactElement {
  const { initiallyOpen = false, placement = "corner", position, theme = "system", nonce } = props;
  const devtools = useDevtools();
  const styles = useStyles(nonce);
  if (placement === "corner") {
    return (
      <>
        {styles}
        <FloatingDevtools devtools={devtools} initiallyOpen={initiallyOpen} position={position} theme={theme} />
      </>
    );
  }
  return (
    <div className="stay-signed-in-devtools" data-placement="inline" data-theme={theme}>
      {styles}
      <section className="stay-panel" aria-label="Session devtools">
        <DevtoolsSections devtools={devtools} />
      </section>
    </div>
  );
}
