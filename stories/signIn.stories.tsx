import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent } from "storybook/test";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { SignInForm } from "./SignInForm.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password } from "./storyWorld.ts";

const meta: Meta = { title: "Sign in" };
export default meta;

export const WithPassword: StoryObj = {
  render: () => (
    <StoryApp prepare={(world) => world.addAccount("ada@example.org")}>
      {() => (
        <RequireAuth
          fallback={
            <div className="sheet">
              <SignInForm username="ada@example.org" />
              <p className="quiet">The password is “{password}”.</p>
            </div>
          }
        >
          <SessionCard title="Welcome back" />
        </RequireAuth>
      )}
    </StoryApp>
  ),
  play: async ({ canvas, step }) => {
    const field = await canvas.findByLabelText("Password");
    await step("a wrong password is named as such", async () => {
      await userEvent.type(field, "not the password");
      await userEvent.keyboard("{Enter}");
      await expect(await canvas.findByRole("alert")).toHaveTextContent("The e-mail or the password is wrong.");
    });
    await step("the right one opens the page", async () => {
      await userEvent.clear(field);
      await userEvent.type(field, password);
      await userEvent.click(canvas.getByRole("button", { name: "Sign in" }));
      await expect(await canvas.findByText("ada@example.org")).toBeVisible();
    });
  },
};

function GuestPage() {
  const auth = useAuth();
  return (
    <>
      <SessionCard title="Your basket" />
      <div className="sheet">
        {auth.status === "authenticated" && auth.identity.isGuest ? (
          <SignInForm title="Make an account" action="register" username="grace@example.org" />
        ) : auth.status === "authenticated" ? (
          <p>The basket is yours now.</p>
        ) : (
          <button className="main" type="button" onClick={() => void auth.signInAsGuest()}>
            Go on as a guest
          </button>
        )}
      </div>
    </>
  );
}

export const GuestBecomesUser: StoryObj = {
  render: () => <StoryApp options={{ guests: "onRequest" }}>{() => <GuestPage />}</StoryApp>,
  play: async ({ canvas }) => {
    await userEvent.click(await canvas.findByRole("button", { name: "Go on as a guest" }));
    await expect(await canvas.findByText("guest")).toBeVisible();
    await userEvent.type(canvas.getByLabelText("Password"), password);
    await userEvent.click(canvas.getByRole("button", { name: "Make an account" }));
    await expect(await canvas.findByText("The basket is yours now.")).toBeVisible();
    await expect(await canvas.findByText("grace@example.org")).toBeVisible();
  },
};
