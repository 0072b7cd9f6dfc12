import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useEffect, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { parseClaims } from "../src/core/claims.ts";
import { useAccessToken } from "../src/react/useAccessToken.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session/Silent refresh" };
export default meta;

const ada = { username: "ada@example.org", password };

function Countdown({ world }: { world: StoryWorld }): ReactElement {
  const token = useAccessToken();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const claims = token === null ? null : parseClaims(token);
  const lifetime = (claims?.expiresAt ?? 1) - (claims?.issuedAt ?? 0);
  const count = world.refreshCount();
  const left = Math.max(0, (claims?.expiresAt ?? 0) - now / 1000);
  return (
    <section className="sheet" aria-label="Access token">
      <h2>Access token</h2>
      <p>
        {left.toFixed(1)} s left of {lifetime} s
      </p>
      <meter className="life" aria-label="Lifetime left" min={0} max={lifetime} low={lifetime / 4} value={left} />
      <p className="quiet" data-testid="refreshes">
        {count === 1 ? "1 silent refresh" : `${count} silent refreshes`} so far
      </p>
    </section>
  );
}

export const SilentRefresh: StoryObj = {
  parameters: {
    watch:
      "The token ran out and was renewed while a draft was typed: the count went up, the draft and the cursor stayed.",
  },
  render: () => (
    <StoryApp
      options={{ accessTokenLifetimeSeconds: 12 }}
      prepare={async (world, auth) => {
        await world.addAccount(ada.username);
        await auth.signIn(ada);
      }}
    >
      {(world) => (
        <>
          <SessionCard title="Signed in for good">
            <label>
              A draft that no refresh disturbs
              <textarea className="draft" rows={2} />
            </label>
          </SessionCard>
          <Countdown world={world} />
        </>
      )}
    </StoryApp>
  ),
  play: async ({ canvas }) => {
    const draft = await canvas.findByLabelText("A draft that no refresh disturbs");
    await userEvent.type(draft, "Dear Grace,");
    await waitFor(() => expect(canvas.getByTestId("refreshes")).not.toHaveTextContent(/^0 /), { timeout: 20_000 });
    await expect(draft).toHaveValue("Dear Grace,");
    await expect(canvas.getByText("authenticated")).toBeVisible();
  },
};
