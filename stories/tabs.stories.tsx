import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent, waitFor, within } from "storybook/test";
import { StoryServer } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";
import { TabFrame } from "./TabFrame.tsx";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Tabs" };
export default meta;

/**
 * Two iframes, each with a script context, a client, Web Locks, a BroadcastChannel and localStorage as the browser gives them to two
 * tabs of one origin. Made up are the network and the cookie jar between them and the one real server in the story's own page.
 */
const render: StoryObj["render"] = (_, { globals }) => (
  <StoryServer options={{ accessTokenLifetimeSeconds: 60 }} prepare={(world) => world.addAccount("ada@example.org")}>
    {(world) => (
      <>
        <div className="tabs">
          <TabFrame name="First tab" world={world} theme={String(globals["theme"])} />
          <TabFrame name="Second tab" world={world} theme={String(globals["theme"])} />
        </div>
        <WireLog world={world} />
      </>
    )}
  </StoryServer>
);

/** What is in the iframe of that name; looked up anew each time, since the tab renders by itself. */
function inside(canvasElement: HTMLElement, name: string) {
  const frame = canvasElement.querySelector<HTMLIFrameElement>(`iframe[title="${name}"]`);
  return within(frame?.contentDocument?.body ?? document.createElement("body"));
}

type Play = (canvasElement: HTMLElement) => Promise<void>;

/** Takes the focus out of the iframes: React would give it back to one when the story is taken away with it. */
const leaveFrames: Play = async (canvasElement) => {
  for (const frame of canvasElement.querySelectorAll("iframe")) frame.blur();
};

const bothShow = async (canvasElement: HTMLElement, isThere: (tab: ReturnType<typeof within>) => HTMLElement) => {
  for (const name of ["First tab", "Second tab"]) {
    await waitFor(() => expect(isThere(inside(canvasElement, name))).toBeVisible(), { timeout: 10_000 });
  }
};

const signInInFirst: Play = async (canvasElement) => {
  await bothShow(canvasElement, (tab) => tab.getByLabelText("Password"));
  const first = inside(canvasElement, "First tab");
  await userEvent.type(first.getByLabelText("Password"), password);
  await userEvent.click(first.getByRole("button", { name: "Sign in" }));
  await bothShow(canvasElement, (tab) => tab.getByText("ada@example.org"));
};

const refreshInBoth: Play = async (canvasElement) => {
  const tabs = ["First tab", "Second tab"].map((name) => inside(canvasElement, name));
  const tokens = () => tabs.map((tab) => tab.getByLabelText("The token’s last characters").textContent);
  const refreshes = () =>
    canvasElement.querySelectorAll("[data-path='/v1/auth/jwt/refresh'][data-status='200']").length;
  const before = { token: tokens()[0], refreshes: refreshes() };
  for (const tab of tabs) tab.getByRole("button", { name: "Refresh" }).click();
  await waitFor(async () => {
    const [left, right] = tokens();
    await expect(left).not.toBe(before.token);
    await expect(right).toBe(left);
  });
  await expect(refreshes()).toBe(before.refreshes + 1);
};

const signOutInSecond: Play = async (canvasElement) => {
  await userEvent.click(inside(canvasElement, "Second tab").getByRole("button", { name: "Sign out" }));
  await bothShow(canvasElement, (tab) => tab.getByLabelText("Password"));
};

/** A sign-in in one tab is one in both. */
export const SignedInTogether: StoryObj = {
  render,
  play: async ({ canvas, canvasElement }) => {
    await canvas.findByTitle("Second tab");
    await signInInFirst(canvasElement);
    await leaveFrames(canvasElement);
  },
};

/** A refresh that both ask for at once is one request. */
export const OneRefreshForBoth: StoryObj = {
  render,
  play: async ({ canvas, canvasElement }) => {
    await canvas.findByTitle("Second tab");
    await signInInFirst(canvasElement);
    await refreshInBoth(canvasElement);
    await leaveFrames(canvasElement);
  },
};

/** A sign-out in the other tab holds in both. */
export const SignedOutTogether: StoryObj = {
  render,
  play: async ({ canvas, canvasElement }) => {
    await canvas.findByTitle("Second tab");
    await signInInFirst(canvasElement);
    await refreshInBoth(canvasElement);
    await signOutInSecond(canvasElement);
    await leaveFrames(canvasElement);
  },
};
