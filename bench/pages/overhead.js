// All of them in one page, on an adapter that answers at once.
import * as axiosAuthRefresh from "../peers/axiosAuthRefresh.js";
import * as axiosJwt from "../peers/axiosJwt.js";
import * as bareAxios from "../peers/bareAxios.js";
import * as blogInterceptor from "../peers/blogInterceptor.js";
import * as oidcClientTs from "../peers/oidcClientTs.js";
import * as ours from "../peers/ours.js";
import * as plainPair from "../peers/plainPair.js";
import * as supabaseAuth from "../peers/supabaseAuth.js";
import { authorizeFetch } from "stay-signed-in/fetch";

const variants = {
  bareAxios,
  plainPair,
  ours,
  blogInterceptor,
  axiosAuthRefresh,
  axiosJwt,
  oidcClientTs,
  supabaseAuth,
};
const instant = async (config) => ({ data: null, status: 200, statusText: "OK", headers: {}, config, request: {} });

globalThis.begin = async () => {
  for (const { signIn, api } of Object.values(variants)) {
    await signIn();
    api.defaults.adapter = instant;
    await api.get("/thing");
  }
};

/** What everybody writes first: the header, and a look at the status. */
const bareFetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set("Authorization", `Bearer ${ours.auth.accessToken.getState()}`);
  const answer = await fetch(input, { ...init, headers });
  return answer.status === 401 ? fetch(input, { ...init, headers }) : answer;
};
const oursFetch = authorizeFetch(ours.auth);
const fetches = { bareFetch, oursFetch };

/** `count` requests, one after another; by fetch they are real ones. */
globalThis.batch = async ({ name, count }) => {
  if (name in fetches) {
    for (let index = 0; index < count; index += 1) await (await fetches[name]("/api/thing")).text();
    return;
  }
  const { api } = variants[name];
  for (let index = 0; index < count; index += 1) await api.get("/thing");
};
