// What most apps have: tokens in localStorage, a flag that says "refreshing", and a queue of what waits meanwhile.
import axios from "axios";

export const api = axios.create({ baseURL: "/api" });
const keep = ({ access_token: access, refresh_token: refresh }) => {
  localStorage.setItem("accessToken", access);
  localStorage.setItem("refreshToken", refresh);
};

api.interceptors.request.use((config) => {
  const token = localStorage.getItem("accessToken");
  if (token) config.headers.Authorization = `Bearer ${token}`;
  return config;
});

let isRefreshing = false;
let failedQueue = [];
const settleQueue = (error, token) => {
  for (const { resolve, reject } of failedQueue) {
    if (error) reject(error);
    else resolve(token);
  }
  failedQueue = [];
};

api.interceptors.response.use(
  (response) => response,
  async (error) => {
    const request = error.config;
    if (error.response?.status !== 401 || request._isRetry) return Promise.reject(error);
    request._isRetry = true;
    if (isRefreshing) {
      await new Promise((resolve, reject) => failedQueue.push({ resolve, reject }));
      return api(request);
    }
    isRefreshing = true;
    try {
      const { data } = await axios.post("/refresh", { refresh_token: localStorage.getItem("refreshToken") });
      keep(data);
      settleQueue(null, data.access_token);
      return api(request);
    } catch (failure) {
      settleQueue(failure, null);
      localStorage.clear();
      throw failure;
    } finally {
      isRefreshing = false;
    }
  },
);

export const signIn = async () => keep((await axios.get("/session")).data);
export const restore = async () => {};
