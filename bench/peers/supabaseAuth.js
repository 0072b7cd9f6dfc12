// The library hands out tokens and renews them; the two interceptors are what its users write around it.
import { GoTrueClient } from "@supabase/auth-js";
import axios from "axios";

export const client = new GoTrueClient({
  url: `${location.origin}/supabase`,
  storageKey: "session",
  detectSessionInUrl: false,
  autoRefreshToken: true,
  persistSession: true,
});

export const api = axios.create({ baseURL: "/api" });
api.interceptors.request.use(async (config) => {
  const { data, error } = await client.getSession();
  if (error) throw error;
  if (data.session) config.headers.Authorization = `Bearer ${data.session.access_token}`;
  return config;
});
api.interceptors.response.use(undefined, async (error) => {
  const request = error.config;
  if (error.response?.status !== 401 || request._isRetry) throw error;
  request._isRetry = true;
  const renewed = await client.refreshSession();
  if (renewed.error) throw renewed.error;
  return api(request);
});

export async function signIn() {
  const { data } = await axios.get("/session");
  const { error } = await client.setSession({ access_token: data.access_token, refresh_token: data.refresh_token });
  if (error) throw error;
}

export async function restore() {
  await client.initialize();
  await client.getSession();
}

export const refresh = async () => void (await client.refreshSession());
export const signOut = () => client.signOut();
const on = (name) => (listener) =>
  client.onAuthStateChange((event) => {
    if (event === name) listener();
  });
export const onToken = on("TOKEN_REFRESHED");
export const onSignOut = on("SIGNED_OUT");
