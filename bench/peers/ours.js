import axios from "axios";
import { authorizeAxios } from "stay-signed-in/axios";
import { createAuthClient } from "stay-signed-in/client";

export const auth = createAuthClient();
export const api = axios.create({ baseURL: "/api" });
authorizeAxios(api, auth);

export async function signIn() {
  auth.start();
  await auth.ready();
  await auth.signIn({ username: "ada@example.org", password: "correct horse" });
}

export async function restore() {
  auth.start();
  await auth.ready();
}

export const refresh = () => auth.refresh();
export const signOut = () => auth.signOut();
export const onToken = (listener) => auth.on("refreshed", listener);
export const onSignOut = (listener) => auth.on("signedOut", listener);
