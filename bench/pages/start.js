// The first thing that a page does is to ask for something that only somebody signed in may have.
import * as peer from "the-peer";

globalThis.peer = peer;
const startedAt = performance.now();
if (localStorage.getItem("isSignedIn") !== null) {
  void peer.restore();
  globalThis.first = peer.api.get("/thing").then(() => performance.now() - startedAt);
}
globalThis.begin = async () => {
  await peer.signIn();
  localStorage.setItem("isSignedIn", "yes");
};

// When this tab has last told the others anything: what it tells is on its way before its own listeners are called.
let postedAt = null;
const { postMessage } = BroadcastChannel.prototype;
BroadcastChannel.prototype.postMessage = function post(message) {
  postedAt = moment();
  postMessage.call(this, message);
};

const moment = () => performance.timeOrigin + performance.now();
const channel = new BroadcastChannel("floor");
/** How long a tab is busy with a bare message: not at all, or as long as it was seen to be with a token. */
const floors = { floor: 0, busyFloor: 0.4 };
let heard = {};
let sentAt = {};
const note = (name) => () => {
  heard[name] ??= moment();
  sentAt[name] ??= postedAt;
};
channel.onmessage = ({ data: busyMs }) => {
  note(busyMs === 0 ? "floor" : "busyFloor")();
  const until = performance.now() + busyMs;
  while (performance.now() < until);
};

globalThis.listen = async () => {
  peer.onToken?.(note("token"));
  peer.onSignOut?.(note("signOut"));
};
globalThis.forget = () => {
  heard = {};
  sentAt = {};
};
globalThis.heard = () => heard;
/** What one tab does for the others to hear of; resolves to when it did it. */
globalThis.act = async (name) => {
  if (name in floors) {
    channel.postMessage(floors[name]);
    return postedAt;
  }
  if (name === "token") {
    await peer.refresh();
    return sentAt.token;
  }
  const at = moment();
  await peer.signOut();
  return at;
};
