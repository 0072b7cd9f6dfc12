import { type ReactElement, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserPlatform } from "../src/browser/createBrowserPlatform.ts";
import { parseClaims } from "../src/core/claims.ts";
import { createAuthClient } from "../src/core/createAuthClient.ts";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAccessToken } from "../src/react/useAccessToken.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { SignInForm } from "./SignInForm.tsx";
import type {} from "./storyTab.ts";
import { Tab } from "./Tab.tsx";

// The script of one tab of the stories about tabs. It runs in an iframe, with locks, channel and storage that are the browser's own.
const { storyTab } = window;
const root = document.getElementById("root");
if (storyTab !== undefined && root !== null) {
  const { namespace, origin, fetch } = storyTab;
  const auth = createAuthClient({ namespace, platform: createBrowserPlatform({ fetch, origin }) });
  createRoot(root).render(
    <Tab auth={auth}>
      <RequireAuth loading={<p role="status">Loading…</p>} fallback={<SignInForm username="ada@example.org" />}>
        <SessionCard title="Your account" facts={<Token />} actions={<RefreshButton />} />
      </RequireAuth>
    </Tab>,
  );
}

function Token(): ReactElement {
  const token = useAccessToken() ?? "";
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const endsAt = parseClaims(token)?.expiresAt ?? 0;
  return (
    <>
      <dt>Token</dt>
      <dd>
        <code aria-label="The token’s last characters">…{token.slice(-6)}</code>,{" "}
        {Math.max(0, Math.ceil(endsAt - now / 1000))} s left
      </dd>
    </>
  );
}

function RefreshButton(): ReactElement {
  const refresh = useAuth((auth) => auth.refresh);
  return (
    <button className="main" type="button" onClick={() => void refresh().catch(() => {})}>
      Refresh
    </button>
  );
}
