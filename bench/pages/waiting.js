// Many requests that wait for one token.
import { AxiosError } from "axios";
import * as peer from "the-peer";

let dead = null;
let isDead = false;
const instant = async (config) => {
  const response = { data: null, status: 200, statusText: "OK", headers: {}, config, request: {} };
  const shown = config.headers.Authorization ?? null;
  if (!isDead) dead = shown;
  else if (shown !== null && shown === dead) {
    response.status = 401;
    throw new AxiosError("Unauthorized", AxiosError.ERR_BAD_REQUEST, config, response.request, response);
  }
  return response;
};

globalThis.peer = peer;
globalThis.begin = async () => {
  await peer.signIn();
  peer.api.defaults.adapter = instant;
  await peer.api.get("/thing");
};

const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));
let all = [];
let settled = 0;
let failed = 0;

/** Makes `count` callers wait, for requests or for the token alone. */
globalThis.wait = async ({ count, isTokenOnly }) => {
  isDead = true;
  settled = 0;
  peer.shut?.();
  const ask = isTokenOnly ? () => peer.auth.getAccessToken() : () => peer.api.get("/thing");
  const succeed = () => {
    settled += 1;
  };
  const fail = () => {
    settled += 1;
    failed += 1;
  };
  // In portions, so that one long task is not what is measured.
  for (let made = 0; made < count; made += 500) {
    for (let index = 0; index < 500; index += 1) all.push(ask().then(succeed, fail));
    await nextTask();
  }
  // Those that are on the way to where they wait.
  for (let turn = 0; turn < 10; turn += 1) await nextTask();
  const waiting = count - settled;
  all = [Promise.all(all)];
  return waiting;
};
globalThis.released = async () => {
  await all[0];
  all = [];
  return failed;
};
