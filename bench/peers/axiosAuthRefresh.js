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
createAuthRefresh(api, async (failed) => {
  const { data } = await axios.post("/refresh", { refresh_token: localStorage.getItem("refreshToken") });
  keep(data);
  failed.response.config.headers.Authorization = `Bearer ${data.access_token}`;
});

export const signIn = async () => keep((await axios.get("/session")).data);
export const restore = async () => {};
