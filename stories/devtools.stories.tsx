import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent, waitFor } from "storybook/test";
import { AuthDevtools } from "../src/devtools/AuthDevtools.tsx";
import { AuthProvider } from "../src/react/AuthProvider.tsx";
import { createTestAuthClient } from "../src/testing/createTestAuthClient.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";

const meta: Meta = { title: "Devtools" };
export default meta;

export const Corner: StoryObj = {
  render: (_, { globals }) => (
    <AuthProvider client={createTestAuthClient({ identity: { subject: "ada@example.org" } })}>
      <h1>An app</h1>
      <p>The panel opens from its button in the corner.</p>
      <AuthDevtools theme={globals["theme"]} />
    </AuthProvider>
  ),
  play: async ({ canvas }) => {
    await userEvent.click(canvas.getByRole("button", { name: "Session devtools" }));
    await expect(canvas.getByRole("region", { name: "Session devtools" })).toHaveTextContent("ada@example.org");
    await userEvent.click(canvas.getByRole("button", { name: "Refresh now" }));
    await expect(await canvas.findByText("Refresh: done")).toBeVisible();
  },
};

export const Live: StoryObj = {
  render: (_, { globals }) => (
    <StoryApp
      options={{ accessTokenLifetimeSeconds: 20 }}
      prepare={async (world, auth) => {
        await world.addAccount("ada@example.org");
        await auth.signIn({ username: "ada@example.org", password });
      }}
    >
      {() => (
        <div className="tabs">
          <SessionCard title="An app" />
          <AuthDevtools placement="inline" theme={globals["theme"]} />
        </div>
      )}
    </StoryApp>
  ),
  play: async ({ canvas, canvasElement }) => {
    await userEvent.click(await canvas.findByRole("button", { name: "Refresh now" }));
    await expect(await canvas.findByText("Refresh: done")).toBeVisible();
    await waitFor(() => expect(canvasElement.querySelector("[data-outcome='refreshed']")).toBeVisible());
    await expect(canvas.getByText(/s left of 20 s/)).toBeVisible();
    await userEvent.click(canvas.getByText("Claims"));
    await expect(canvas.getByText(/fastapi-users:auth/)).toBeVisible();
  },
};
