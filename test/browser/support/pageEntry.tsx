import axios, { type AxiosInstance } from "axios";
import { StrictMode, useLayoutEffect } from "react";
import { createRoot } from "react-dom/client";
import { authorizeAxios } from "../../../src/adapters/authorizeAxios.ts";
import { type AuthorizedFetch, authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import { bindSession } from "../../../src/bound/bindSession.ts";
import { createAuthClient } from "../../../src/browser/createAuthClient.ts";
import type { AuthClient, AuthEventName } from "../../../src/core/authClient.ts";
import { createHttpBackend } from "../../../src/core/createHttpBackend.ts";
import type { AuthState } from "../../../src/core/authState.ts";
import type { AuthClientOptions } from "../../../src/core/createAuthClient.ts";
import { type IdleSignOut, signOutWhenIdle } from "../../../src/endings/signOutWhenIdle.ts";
import { AuthProvider } from "../../../src/react/AuthProvider.tsx";
import { useAuth } from "../../../src/react/useAuth.ts";
import { recordEvents } from "../../support/recordEvents.ts";

/** What the server writes into the page for {@link startApp}'s caller. */
export interface PageOptions {
  readonly client: AuthClientOptions;
  readonly isStrict: boolean;
  readonly isBound: boolean;
  readonly idle: { readonly afterMs: number; readonly warnMs: number } | null;
}

/** One thing that the page has shown. */
export interface Rendered {
  readonly status: AuthState["status"];
  readonly subject: string | null;
}

declare global {
  var pageOptions: PageOptions;
  var auth: AuthClient;
  /** Where the page was made with `idle`. */
  var idle: IdleSignOut;
  var api: AxiosInstance;
  var authorizedFetch: AuthorizedFetch;
  /** Everything that the page has shown, in order. */
  var rendered: Rendered[];
  /** Everything that the client has told, in order. */
  var events: AuthEventName[];
  /** Whether the page came back out of the back/forward cache. */
  var wasRestored: boolean;
}

globalThis.auth = createAuthClient({
  ...pageOptions.client,
  ...(pageOptions.isBound && { backend: bindSession(createHttpBackend({ baseUrl: "/v1/auth" })) }),
});
if (pageOptions.idle !== null) globalThis.idle = signOutWhenIdle(auth, pageOptions.idle);
globalThis.api = axios.create({ baseURL: "/api" });
authorizeAxios(api, auth);
globalThis.authorizedFetch = authorizeFetch(auth);
globalThis.rendered = [];
globalThis.events = [];
globalThis.wasRestored = false;

recordEvents(auth, events);
addEventListener("pageshow", ({ persisted }) => {
  wasRestored = persisted;
});

function Status() {
  const shown = useAuth();
  const subject = shown.status === "authenticated" ? shown.identity.subject : null;
  useLayoutEffect(() => {
    rendered.push({ status: shown.status, subject });
  }, [shown.status, subject]);
  return (
    <p>
      <b id="status">{shown.status}</b> <i id="subject">{subject}</i>
    </p>
  );
}

const page = (
  <AuthProvider client={auth}>
    <Status />
  </AuthProvider>
);
const root = document.body.appendChild(document.createElement("main"));
createRoot(root).render(pageOptions.isStrict ? <StrictMode>{page}</StrictMode> : page);
