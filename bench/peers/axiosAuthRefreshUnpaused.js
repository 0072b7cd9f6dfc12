// As its default, but answers that come in during the refresh are not handed over as failures. Its own refresh goes through
// another instance, as its documents ask for with this option.
import axios from "axios";
import { createAuthRefresh } from "axios-auth-refresh";

export const api = axios.create({ baseURL: "/api" });
const keep = ({ access_token: access, refresh_token: refresh }) => {
  localStorage.setItem("accessToken", access);
  localStorage.setItem("refreshToken", refresh);
};

api.interceptors.request.use((config) => {
  config.headers.Authorization = `Bearer ${localStorage.getItem("accessToken")}`;
  return config;
});
const refresh = async () => {
  const { data } = await axios.post("/refresh", { refresh_token: localStorage.getItem("refreshToken") });
  keep(data);
};
createAuthRefresh(api, refresh, { deduplicateRefresh: false });

export const signIn = async () => keep((await axios.get("/session")).data);
export const restore = async () => {};
