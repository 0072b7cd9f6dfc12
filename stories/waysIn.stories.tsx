import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import type { AuthClient } from "../src/core/authClient.ts";
import { isAuthError } from "../src/core/authError.ts";
import type { SignInChallenge } from "../src/core/signInChallenge.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { StoryForm } from "./StoryForm.tsx";
import { origin, password, type StoryWorld } from "./storyWorld.ts";
import { WireLog } from "./WireLog.tsx";

const meta: Meta = { title: "Sign in/Other ways" };
export default meta;

const ada = { username: "ada@example.org", password };
const code = "492 039";

/** The password first, and then, on the same page, what the server asks for beside it. */
function TwoSteps(): ReactElement {
  const auth = useAuth();
  const [challenge, setChallenge] = useState<SignInChallenge | null>(null);
  const [problem, setProblem] = useState("");

  const submit = (field: (name: string) => string): void => {
    const given = field("secret");
    const entering =
      challenge === null ? auth.signIn({ ...ada, password: given }) : auth.continueSignIn(challenge, { code: given });
    setProblem("");
    entering.then(
      (entered) => setChallenge("challenge" in entered ? entered : null),
      (error: unknown) =>
        setProblem(isAuthError(error, "credentialsRejected") ? "That is not right." : "That did not work."),
    );
  };
  if (auth.status === "authenticated") return <SessionCard title="Signed in by two things" />;
  return (
    <section className="sheet">
      <StoryForm
        key={challenge === null ? "password" : "code"}
        title={challenge === null ? `The password of ${ada.username}` : "The code of your app"}
        action="Go on"
        problem={problem}
        onSubmit={submit}
      >
        <label>
          {challenge === null ? "Password" : "Code"}
          <input name="secret" type={challenge === null ? "password" : "text"} autoComplete="off" required />
        </label>
      </StoryForm>
      <p className="quiet hint">
        {challenge === null ? `The password is “${password}”.` : `The code is “${code}”. Nobody is signed in yet.`}
      </p>
    </section>
  );
}

const withCode = (): ReactElement => (
  <StoryApp options={{ code }} prepare={(world) => world.addAccount(ada.username)}>
    {(world) => (
      <>
        <TwoSteps />
        <WireLog world={world} />
      </>
    )}
  </StoryApp>
);

type Canvas = Parameters<NonNullable<StoryObj["play"]>>[0]["canvas"];

const givePassword = async (canvas: Canvas): Promise<void> => {
  await userEvent.type(await canvas.findByLabelText("Password"), `${password}{Enter}`);
  await expect(await canvas.findByLabelText("Code")).toBeVisible();
};

export const AskedForACode: StoryObj = {
  parameters: {
    watch: "The password was right, and the server wants a code: 202 and no session. The page asks for it in place.",
  },
  render: withCode,
  play: async ({ canvas, step }) => {
    await step("give the password", () => givePassword(canvas));
    await step("give a wrong code", async () => {
      await userEvent.type(canvas.getByLabelText("Code"), "000 000{Enter}");
      await expect(await canvas.findByRole("alert")).toHaveTextContent("That is not right.");
    });
  },
};

export const ByACode: StoryObj = {
  parameters: { watch: "Password and code were right: one session, begun by the second answer alone." },
  render: withCode,
  play: async ({ canvas, step }) => {
    await step("give the password", () => givePassword(canvas));
    await step("give the code", async () => {
      await userEvent.type(canvas.getByLabelText("Code"), `${code}{Enter}`);
      await expect(await canvas.findByText("Signed in by two things")).toBeVisible();
      await waitFor(() => expect(canvas.getByText(ada.username)).toBeVisible());
    });
  },
};

/** A way in of the app's own. In place of the authenticator's signature this one sends the password that the story knows. */
function PasskeyButton({ auth }: { auth: AuthClient }): ReactElement {
  const isIn = useAuth(({ status }) => status === "authenticated");
  const enter = (): Promise<unknown> =>
    auth.signInWith(async ({ fetch, signal }) => {
      const answer = await fetch(`${origin}/v1/auth/jwt/login`, {
        method: "POST",
        credentials: "include",
        body: new URLSearchParams(ada),
        signal,
      });
      const { access_token: accessToken, expires_in: expiresInSeconds } = (await answer.json()) as {
        access_token: string;
        expires_in: number;
      };
      return { accessToken, expiresInSeconds };
    });
  if (isIn) return <SessionCard title="Signed in without a password" />;
  return (
    <section className="sheet">
      <h2>No password here</h2>
      <p>The app talks to its own endpoint, and hands the answer to the client.</p>
      <div className="buttons">
        <button className="main" type="button" onClick={() => void enter()}>
          Use the key of this device
        </button>
      </div>
    </section>
  );
}

export const ByAWayOfYourOwn: StoryObj = {
  parameters: {
    watch: "`signInWith` took over what the app’s own way in has answered: from here on it is a session as any other.",
  },
  render: () => (
    <StoryApp prepare={(world: StoryWorld) => world.addAccount(ada.username)}>
      {(world, auth) => (
        <>
          <PasskeyButton auth={auth} />
          <WireLog world={world} />
        </>
      )}
    </StoryApp>
  ),
  play: async ({ canvas, step }) => {
    await canvas.findByRole("button", { name: "Use the key of this device" });
    await step("use the key of this device", async () => {
      await userEvent.click(canvas.getByRole("button", { name: "Use the key of this device" }));
      await expect(await canvas.findByText("Signed in without a password")).toBeVisible();
      await waitFor(() => expect(canvas.getByText(ada.username)).toBeVisible());
    });
  },
};
