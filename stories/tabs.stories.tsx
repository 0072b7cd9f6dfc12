import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useState } from "react";
import { expect, userEvent, waitFor, within } from "storybook/test";
import { StoryServer } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";
import { TabFrame } from "./TabFrame.tsx";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Tabs" };
export default meta;

const addAccounts = async (world: StoryWorld): Promise<void> => {
  await world.addAccount("ada@example.org");
  await world.addAccount("grace@example.org");
};

/**
 * Two iframes, each with a script context, a client, Web Locks, a BroadcastChannel and localStorage as the browser gives them to two
 * tabs of one origin. Made up are the network and the cookie jar between them and the one real server in the story's own page.
 */
const render: StoryObj["render"] = (_, { globals }) => (
  <StoryServer options={{ accessTokenLifetimeSeconds: 60 }} prepare={addAccounts}>
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

export const SignedInTogether: StoryObj = {
  parameters: {
    watch: "The password was typed in the first tab alone: both show the account, and the server saw one sign-in.",
  },
  render,
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("Second tab");
    await step("sign in in the first tab", () => signInInFirst(canvasElement));
    await leaveFrames(canvasElement);
  },
};

export const OneRefreshForBoth: StoryObj = {
  parameters: {
    watch:
      "Both tabs wanted a new token at the same moment: they show the same one, and the server saw one refresh beside those of the two starts.",
  },
  render,
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("Second tab");
    await step("sign in in the first tab", () => signInInFirst(canvasElement));
    await step("ask for a new token in both at once", () => refreshInBoth(canvasElement));
    await leaveFrames(canvasElement);
  },
};

export const SignedOutTogether: StoryObj = {
  parameters: { watch: "Signed out in the second tab: the first one is out, too." },
  render,
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("Second tab");
    await step("sign in in the first tab", () => signInInFirst(canvasElement));
    await step("ask for a new token in both at once", () => refreshInBoth(canvasElement));
    await step("sign out in the second tab", () => signOutInSecond(canvasElement));
    await leaveFrames(canvasElement);
  },
};

const typeInSecond: Play = async (canvasElement) => {
  await userEvent.click(inside(canvasElement, "Second tab").getByRole("button", { name: "Sign out" }));
  await bothShow(canvasElement, (tab) => tab.getByLabelText("Password"));
  const second = inside(canvasElement, "Second tab");
  await userEvent.clear(second.getByLabelText("E-mail"));
  await userEvent.type(second.getByLabelText("E-mail"), "grace@example.org");
  await userEvent.type(second.getByLabelText("Password"), password);
  await userEvent.click(second.getByRole("button", { name: "Sign in" }));
  await bothShow(canvasElement, (tab) => tab.getByText("grace@example.org"));
};

export const SwitchedTogether: StoryObj = {
  parameters: {
    watch:
      "Somebody else signed in in the second tab: the first one shows them as well, and nothing of who was there before.",
  },
  render,
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("Second tab");
    await step("sign in in the first tab", () => signInInFirst(canvasElement));
    await step("sign in as somebody else in the second tab", () => typeInSecond(canvasElement));
    await leaveFrames(canvasElement);
  },
};

function LateTab({ world, theme }: { world: StoryWorld; theme: string }): ReactElement {
  const [isOpen, setIsOpen] = useState(false);
  if (isOpen) return <TabFrame name="Second tab" world={world} theme={theme} />;
  return (
    <button className="main" type="button" onClick={() => setIsOpen(true)}>
      Open a second tab
    </button>
  );
}

export const OpenedLater: StoryObj = {
  parameters: {
    watch:
      "The second tab was opened after the sign-in. It got the token from the first one: of the second the server saw no request for one.",
  },
  render: (_, { globals }) => (
    <StoryServer options={{ accessTokenLifetimeSeconds: 60 }} prepare={(world) => world.addAccount("ada@example.org")}>
      {(world) => (
        <>
          <div className="tabs">
            <TabFrame name="First tab" world={world} theme={String(globals["theme"])} />
            <LateTab world={world} theme={String(globals["theme"])} />
          </div>
          <WireLog world={world} />
        </>
      )}
    </StoryServer>
  ),
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("First tab");
    await step("sign in in the first tab", async () => {
      const first = () => inside(canvasElement, "First tab");
      await waitFor(() => expect(first().getByLabelText("Password")).toBeVisible(), { timeout: 10_000 });
      await userEvent.type(first().getByLabelText("Password"), password);
      await userEvent.click(first().getByRole("button", { name: "Sign in" }));
      await waitFor(() => expect(first().getByText("ada@example.org")).toBeVisible());
    });
    await step("open the second tab", async () => {
      await userEvent.click(canvas.getByRole("button", { name: "Open a second tab" }));
      await bothShow(canvasElement, (tab) => tab.getByText("ada@example.org"));
    });
    const refreshes = [...canvasElement.querySelectorAll("[data-path='/v1/auth/jwt/refresh']")];
    await expect(refreshes.filter((row) => row.textContent?.includes("Second tab"))).toHaveLength(0);
    await leaveFrames(canvasElement);
  },
};
