// A request interceptor that waits for a promise, and nothing else: the least that any waiting request costs.
import axios from "axios";

let gate = Promise.resolve();
let open = () => {};
export const api = axios.create({ baseURL: "/api" });
api.interceptors.request.use((config) => gate.then(() => config));

export const signIn = async () => {};
export const shut = () => {
  gate = new Promise((resolve) => {
    open = resolve;
  });
};
export const release = () => open();
