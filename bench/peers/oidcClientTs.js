// The library hands out tokens and renews them; the two interceptors are what its users write around it.
import axios from "axios";
import { User, UserManager, WebStorageStateStore } from "oidc-client-ts";

const origin = location.origin;
export const manager = new UserManager({
  authority: origin,
  client_id: "bench",
  redirect_uri: `${origin}/callback`,
  scope: "openid offline_access",
  userStore: new WebStorageStateStore({ store: localStorage }),
  metadata: {
    issuer: origin,
    authorization_endpoint: `${origin}/oidc/authorize`,
    token_endpoint: `${origin}/oidc/token`,
    revocation_endpoint: `${origin}/oidc/revoke`,
  },
});

export const api = axios.create({ baseURL: "/api" });
api.interceptors.request.use(async (config) => {
  let user = await manager.getUser();
  if (user?.expired) user = await manager.signinSilent();
  if (user) config.headers.Authorization = `Bearer ${user.access_token}`;
  return config;
});
api.interceptors.response.use(undefined, async (error) => {
  const request = error.config;
  if (error.response?.status !== 401 || request._isRetry) throw error;
  request._isRetry = true;
  await manager.signinSilent();
  return api(request);
});

export async function signIn() {
  const { data } = await axios.get("/session");
  const user = new User({
    access_token: data.access_token,
    refresh_token: data.refresh_token,
    token_type: "Bearer",
    scope: "openid offline_access",
    expires_at: data.expires_at,
    profile: { sub: data.user.id, iss: origin, aud: "bench", exp: data.expires_at, iat: 0 },
  });
  await manager.storeUser(user);
  await manager.events.load(user);
}

export async function restore() {
  await manager.getUser();
}
