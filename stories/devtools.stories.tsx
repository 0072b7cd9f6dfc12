import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent } from "storybook/test";
import { AuthDevtools } from "../src/devtools/AuthDevtools.tsx";
import { AuthProvider } from "../src/react/AuthProvider.tsx";
import { createTestAuthClient } from "../src/testing/createTestAuthClient.ts";

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
