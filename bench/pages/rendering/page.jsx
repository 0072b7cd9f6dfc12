import { createRoot } from "react-dom/client";
import { Provider, renew, signIn, signOut, useShown } from "the-peer";

const consumers = 1_000;
const counter = { renders: 0 };
const countRender = () => {
  counter.renders += 1;
};

function Consumer() {
  countRender();
  return <i>{String(useShown())}</i>;
}

const settle = async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
};
const countRenders = async (act) => {
  await settle();
  counter.renders = 0;
  await act();
  await settle();
  return counter.renders / consumers;
};

createRoot(document.body.appendChild(document.createElement("main"))).render(
  <Provider>
    {Array.from({ length: consumers }, (_, index) => (
      <Consumer key={index} />
    ))}
  </Provider>,
);

globalThis.begin = async () => {
  await settle();
  await signIn();
  await settle();
  return document.querySelector("i").textContent;
};
/** Renders of one consumer over `count` renewals. */
globalThis.renewals = (count) =>
  countRenders(async () => {
    for (let index = 0; index < count; index += 1) {
      await globalThis.passHour();
      await renew();
      // A renewal a task: what is set in one task is rendered once.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
globalThis.leave = async () => {
  const count = await countRenders(signOut);
  return { count, shown: document.querySelector("i").textContent };
};
