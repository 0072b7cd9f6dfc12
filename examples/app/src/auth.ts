import axios from "axios";
import { createAuthClient } from "stay-signed-in";
import { authorizeAxios } from "stay-signed-in/axios";

// "hold": what is asked for after the session has ended waits until the same person has signed in again.
export const auth = createAuthClient({ onSessionEnd: "hold" });

/** Every request to this page's own server, with a good access token. */
export const api = axios.create();
authorizeAxios(api, auth);
