import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent, waitFor, within } from "storybook/test";
import { StoryApp } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";
import { TabFrame } from "./TabFrame.tsx";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Tabs" };
export default meta;

/**
 * Two iframes, each with a script context, a client, Web Locks, a BroadcastChannel and localStorage as the browser gives them to two
 * tabs of one origin. Made up are the network and the cookie jar between them and the one real server in the story's own page.
 */
export const SideBySide: StoryObj = {
  render: (_, { globals }) => (
    <StoryApp options={{ accessTokenLifetimeSeconds: 12 }} prepare={(world) => world.addAccount("ada@example.org")}>
      {(world) => (
        <>
          <div className="tabs">
            <TabFrame name="First tab" world={world} theme={String(globals["theme"])} />
            <TabFrame name="Second tab" world={world} theme={String(globals["theme"])} />
          </div>
          <WireLog world={world} />
        </>
      )}
    </StoryApp>
  ),
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByTitle("First tab");
    const inside = (name: string) => {
      const frame = canvasElement.querySelector<HTMLIFrameElement>(`iframe[title="${name}"]`);
      return within(frame?.contentDocument?.body ?? document.createElement("body"));
    };
    const first = () => inside("First tab");
    const second = () => inside("Second tab");
    const refreshes = () =>
      canvasElement.querySelectorAll("[data-path='/v1/auth/jwt/refresh'][data-status='200']").length;
    const tokens = () => [first, second].map((tab) => tab().getByLabelText("The token's last characters").textContent);

    await step("a sign-in in one tab is one in both", async () => {
      await waitFor(() => expect(first().getByLabelText("Password")).toBeVisible(), { timeout: 10_000 });
      await waitFor(() => expect(second().getByLabelText("Password")).toBeVisible(), { timeout: 10_000 });
      await userEvent.type(first().getByLabelText("Password"), password);
      await userEvent.click(first().getByRole("button", { name: "Sign in" }));
      await waitFor(() => expect(first().getByText("ada@example.org")).toBeVisible(), { timeout: 5_000 });
      await waitFor(() => expect(second().getByText("ada@example.org")).toBeVisible(), { timeout: 5_000 });
    });
    const [former] = tokens();
    await step("a renewal asked for in both at once is one request", async () => {
      const before = refreshes();
      first().getByRole("button", { name: "Refresh" }).click();
      second().getByRole("button", { name: "Refresh" }).click();
      await waitFor(async () => {
        const [left, right] = tokens();
        await expect(left).not.toBe(former);
        await expect(right).toBe(left);
      });
      await expect(refreshes()).toBe(before + 1);
    });
    await step("a sign-out in the other tab holds in both", async () => {
      await userEvent.click(second().getByRole("button", { name: "Sign out" }));
      await waitFor(() => expect(first().getByLabelText("Password")).toBeVisible());
      await waitFor(() => expect(second().getByLabelText("Password")).toBeVisible());
    });
  },
};
