import axios from "axios";
import { applyAuthTokenInterceptor, getBrowserLocalStorage, setAuthTokens } from "axios-jwt";

export const api = axios.create({ baseURL: "/api" });
const toTokens = ({ data }) => ({ accessToken: data.access_token, refreshToken: data.refresh_token });

applyAuthTokenInterceptor(api, {
  requestRefresh: async (refreshToken) => toTokens(await axios.post("/refresh", { refresh_token: refreshToken })),
  getStorage: getBrowserLocalStorage,
});

export const signIn = async () => setAuthTokens(toTokens(await axios.get("/session")));
export const restore = async () => {};
