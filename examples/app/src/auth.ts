import { QueryClient } from "@tanstack/react-query";
import axios from "axios";
import { createAuthClient } from "stay-signed-in";
import { authorizeAxios } from "stay-signed-in/axios";
import { bindQueryClient } from "stay-signed-in/query";

// "hold": what is asked for after the session has ended waits until the same person has signed in again.
export const auth = createAuthClient({ onSessionEnd: "hold" });

/** Every request to this page's own server, with a good access token. */
export const api = axios.create();
authorizeAxios(api, auth);

/** What was fetched, for as long as it is the same person who asks. */
export const queryClient = new QueryClient();
bindQueryClient(auth, queryClient);
