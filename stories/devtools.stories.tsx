import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement } from "react";
import { expect, userEvent, waitFor, within } from "storybook/test";
import type { AuthClient } from "../src/core/authClient.ts";
import { AuthDevtools } from "../src/devtools/AuthDevtools.tsx";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld, type StoryWorldOptions } from "./storyWorld.ts";

const meta: Meta = { title: "Devtools" };
export default meta;

const ada = { username: "ada@example.org", password };

type Theme = "system" | "light" | "dark";

const signIn = async (world: StoryWorld, auth: AuthClient): Promise<void> => {
  await world.addAccount(ada.username);
  await auth.signIn(ada);
};

function app(theme: Theme, options: StoryWorldOptions, prepare = signIn, isInline = true): ReactElement {
  return (
    <StoryApp options={options} prepare={prepare}>
      {() => (
        <div className="stack">
          <SessionCard title="An app" />
          <AuthDevtools showInProduction placement={isInline ? "inline" : "corner"} theme={theme} />
        </div>
      )}
    </StoryApp>
  );
}

export const Corner: StoryObj = {
  render: (_, { globals }) => app(globals["theme"], {}, signIn, false),
  play: async ({ canvas, step }) => {
    const toggle = await canvas.findByRole("button", { name: "Session devtools" });
    await step("opens and closes by the keyboard", async () => {
      toggle.focus();
      await userEvent.keyboard("{Enter}");
      await expect(canvas.getByRole("region", { name: "Session devtools" })).toBeVisible();
      await userEvent.tab();
      await userEvent.keyboard("{Escape}");
      await expect(canvas.queryByRole("region", { name: "Session devtools" })).toBeNull();
      await expect(toggle).toHaveFocus();
      await userEvent.keyboard("{Enter}");
    });
    await userEvent.click(canvas.getByRole("button", { name: "Refresh now" }));
    await expect(await canvas.findByText("Refresh now: done")).toBeVisible();
  },
};

export const Live: StoryObj = {
  render: (_, { globals }) => app(globals["theme"], { accessTokenLifetimeSeconds: 20 }),
  play: async ({ canvas, step }) => {
    const press = async (name: string) => userEvent.click(await canvas.findByRole("button", { name }));
    await step("a refresh by hand, with its duration and its trigger", async () => {
      await press("Refresh now");
      const refreshes = await canvas.findByRole("list", { name: "Refreshes" });
      await expect(refreshes).toHaveTextContent(/refreshed\s*here, \d+ ms, by hand/);
    });
    await step("what is planned, and why", async () => {
      await expect(canvas.getByText(/s left of 20 s/)).toBeVisible();
      await expect(canvas.getByText(/in \d+ s, before the token ends/)).toBeVisible();
    });
    await step("an expired token is replaced for the request that finds it", async () => {
      await press("Expire token");
      await expect(await canvas.findByText("Expire token: done, and a new one came")).toBeVisible();
      await expect(canvas.getByRole("list", { name: "Refreshes" })).toHaveTextContent("for a request");
    });
    await userEvent.click(canvas.getByText("Claims"));
    await expect(canvas.getByText(/fastapi-users:auth/)).toBeVisible();
  },
};

export const Outage: StoryObj = {
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas, step }) => {
    const press = async (name: string) => userEvent.click(await canvas.findByRole("button", { name }));
    await step("a refresh without a network fails, and the session goes on", async () => {
      await press("Go offline");
      await press("Refresh now");
      await expect(await canvas.findByText(/1 failure in a row; all tabs wait until/)).toBeVisible();
      await expect(canvas.getByText(/the next attempt after a failure/)).toBeVisible();
      await expect(
        within(canvas.getByRole("region", { name: "Session devtools" })).getByText("authenticated"),
      ).toBeVisible();
    });
  },
};

export const SessionEnded: StoryObj = {
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas }) => {
    await userEvent.click(await canvas.findByRole("button", { name: "Revoke session" }));
    await waitFor(() => expect(canvas.getByText("out: revoked")).toBeVisible());
    await expect(canvas.getByRole("list", { name: "Events" })).toHaveTextContent("sessionEnded");
    await expect(canvas.getByRole("button", { name: "Refresh now" })).toBeDisabled();
  },
};

export const NobodySignedIn: StoryObj = {
  render: (_, { globals }) => app(globals["theme"], {}, async () => {}),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText("No access token.")).toBeVisible();
    await waitFor(() => expect(canvas.getByText("out: none")).toBeVisible());
  },
};

export const TwoTabs: StoryObj = {
  render: (_, { globals }) =>
    app(globals["theme"], {}, async (world, auth) => {
      await signIn(world, auth);
      world.openTab().start();
    }),
  play: async ({ canvas }) => {
    await waitFor(() => expect(canvas.getByText("1 other tab")).toBeVisible(), { timeout: 5_000 });
    // The other tab may still hold it for its own start.
    await waitFor(() => expect(canvas.getByText("free")).toBeVisible(), { timeout: 5_000 });
  },
};
