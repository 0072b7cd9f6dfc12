import { QueryClient } from "@tanstack/react-query";
import axios from "axios";
import { createAuthClient } from "stay-signed-in";
import { authorizeAxios } from "stay-signed-in/axios";
import { bindSession } from "stay-signed-in/bound";
import { createHttpBackend } from "stay-signed-in/client";
import { bindQueryClient } from "stay-signed-in/query";

// Each refresh proves a key that nobody can copy out of this browser: a stolen cookie alone is worth nothing.
const backend = bindSession(createHttpBackend({ baseUrl: "/v1/auth" }));

// "hold": what is asked for after the session has ended waits until the same person has signed in again.
export const auth = createAuthClient({ backend, onSessionEnd: "hold" });

/** Every request to this page's own server, with a good access token. */
export const api = axios.create();
authorizeAxios(api, auth);

/** What was fetched, for as long as it is the same person who asks. */
export const queryClient = new QueryClient();
bindQueryClient(auth, queryClient);
