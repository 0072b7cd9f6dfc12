import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useMemo, useRef } from "react";
import { expect, userEvent, waitFor, within } from "storybook/test";
import { authorizeFetch } from "../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../src/core/authClient.ts";
import { AuthDevtools } from "../src/devtools/AuthDevtools.tsx";
import { AuthProvider } from "../src/react/AuthProvider.tsx";
import { useAuthClient } from "../src/react/useAuthClient.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { origin, password, type StoryWorld, type StoryWorldOptions } from "./storyWorld.ts";

const meta: Meta = { title: "Devtools" };
export default meta;

const ada = { username: "ada@example.org", password };

type Theme = "system" | "light" | "dark";

const signIn = async (world: StoryWorld, auth: AuthClient): Promise<void> => {
  await world.addAccount(ada.username);
  await auth.signIn(ada);
};

function SendButton({ world }: { world: StoryWorld }): ReactElement {
  const auth = useAuthClient();
  const api = useMemo(() => authorizeFetch(auth, { fetch: world.fetch }), [auth, world]);
  return (
    <button className="main" type="button" onClick={() => void api(`${origin}/api/letters`).catch(() => {})}>
      Fetch letters
    </button>
  );
}

function app(theme: Theme, options: StoryWorldOptions, prepare = signIn): ReactElement {
  return (
    <StoryApp options={options} prepare={prepare}>
      {(world) => (
        <div className="stack">
          <SessionCard title="An app" actions={<SendButton world={world} />} />
          <AuthDevtools showInProduction placement="inline" theme={theme} />
        </div>
      )}
    </StoryApp>
  );
}

type Canvas = Parameters<NonNullable<StoryObj["play"]>>[0]["canvas"];

const press = async (canvas: Canvas, name: string): Promise<void> =>
  userEvent.click(await canvas.findByRole("button", { name }));

function DialogPage({ theme }: { theme: Theme }): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <SessionCard
        title="An app"
        actions={
          <button className="main" type="button" onClick={() => dialog.current?.showModal()}>
            Open a dialog
          </button>
        }
      />
      <dialog ref={dialog} aria-label="A modal dialog">
        <p>Everything behind this is inert, but for the devtools.</p>
        <button className="plain" type="button" onClick={() => dialog.current?.close()}>
          Close the dialog
        </button>
      </dialog>
      <AuthDevtools showInProduction theme={theme} />
    </>
  );
}

const floating = (theme: Theme): ReactElement => (
  <StoryApp prepare={signIn}>{() => <DialogPage theme={theme} />}</StoryApp>
);

/** What floats is no part of the story's own element. */
const floats = () => within(document.body);

export const Corner: StoryObj = {
  parameters: {
    watch: "The button in the corner opened a panel below the page: drag its edge, choose a part, press Escape.",
  },
  render: (_, { globals }) => floating(globals["theme"]),
  play: async ({ step }) => {
    const toggle = await floats().findByRole("button", { name: "Session devtools" });
    await step("opens and closes by the keyboard", async () => {
      toggle.focus();
      await userEvent.keyboard("{Enter}");
      await expect(floats().getByRole("region", { name: "Session devtools" })).toBeVisible();
      await userEvent.keyboard("{Escape}");
      await expect(floats().queryByRole("region", { name: "Session devtools" })).toBeNull();
      await expect(floats().getByRole("button", { name: "Session devtools" })).toHaveFocus();
      await userEvent.keyboard("{Enter}");
    });
    await step("goes from part to part by the arrow keys", async () => {
      await userEvent.keyboard("{ArrowLeft}");
      await userEvent.click(floats().getByRole("button", { name: "Refresh now" }));
      await expect(await floats().findByText("Refresh now: done")).toBeVisible();
      await userEvent.click(floats().getByRole("tab", { name: "Session" }));
    });
  },
};

export const UnderADialog: StoryObj = {
  parameters: { watch: "A modal dialog is open, and the devtools can be used all the same." },
  render: (_, { globals }) => floating(globals["theme"]),
  play: async ({ canvas, step }) => {
    await step("open a dialog", () => press(canvas, "Open a dialog"));
    await step("use the devtools above it", async () => {
      await userEvent.click(await floats().findByRole("button", { name: "Session devtools" }));
      await userEvent.click(floats().getByRole("tab", { name: "Tabs" }));
      await expect(floats().getByRole("group", { name: "Tabs" })).toBeVisible();
      await expect(floats().getByRole("button", { name: "Close the dialog" })).toBeVisible();
    });
  },
};

export const Token: StoryObj = {
  parameters: { watch: "The token’s life runs out and is renewed; its claims are listed, the token itself is masked." },
  render: (_, { globals }) => app(globals["theme"], { accessTokenLifetimeSeconds: 20 }),
  play: async ({ canvas, step }) => {
    await step("what is planned, and why", async () => {
      await expect(await canvas.findByText(/s left of 20 s/)).toBeVisible();
      await expect(await canvas.findByText(/in \d+ s, before the token ends/)).toBeVisible();
    });
    await step("open the claims", async () => {
      await userEvent.click(canvas.getByText("Claims"));
      await expect(canvas.getByText(/fastapi-users:auth/)).toBeVisible();
      await expect(canvas.getByText(/in \d+ s\)/)).toBeVisible();
    });
  },
};

export const Requests: StoryObj = {
  parameters: {
    watch:
      "The second request was refused by the server: it was renewed and sent again. The third met a network that is gone.",
  },
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas, step }) => {
    const requests = () => canvas.findByRole("list", { name: "Requests" });
    await step("a request as any other", async () => {
      await press(canvas, "Fetch letters");
      await waitFor(async () => expect(await requests()).toHaveTextContent(/letters200/));
    });
    await step("one that the server refuses", async () => {
      await press(canvas, "Refuse next request");
      await press(canvas, "Fetch letters");
      await waitFor(async () => expect(await requests()).toHaveTextContent(/lettersrenewedresent200/));
    });
    await step("one without a network", async () => {
      await press(canvas, "Go offline");
      await press(canvas, "Fetch letters");
      await waitFor(async () => expect(await requests()).toHaveTextContent("ERR_NETWORK"));
    });
  },
};

function OtherTab({ auth, name }: { auth: AuthClient; name: string }): ReactElement {
  return (
    <AuthProvider client={auth}>
      <section className="sheet" aria-label={name}>
        <h2>{name}</h2>
        <AuthDevtools showInProduction placement="inline" />
      </section>
    </AuthProvider>
  );
}

const tabs = (): ReactElement => {
  const opened: AuthClient[] = [];
  return (
    <StoryApp
      prepare={async (world, auth) => {
        await signIn(world, auth);
        opened.push(auth, world.openTab());
      }}
    >
      {() => (
        <div className="stack">
          {opened.map((auth, index) => (
            <OtherTab key={auth === opened[0] ? "first" : "second"} auth={auth} name={`Tab ${index + 1}`} />
          ))}
        </div>
      )}
    </StoryApp>
  );
};

export const Timeline: StoryObj = {
  parameters: {
    // Two tabs on one page: what is one of a kind in each is there twice.
    a11y: { config: { rules: [{ id: "landmark-unique", enabled: false }] } },
    watch:
      "The first tab asked the server for a new token, and the second one took it over: both timelines tell the same.",
  },
  render: tabs,
  play: async ({ canvas, step }) => {
    const first = within(await canvas.findByRole("region", { name: "Tab 1" }));
    const second = within(canvas.getByRole("region", { name: "Tab 2" }));
    await waitFor(() => expect(first.getByText("1 other tab")).toBeVisible(), { timeout: 5_000 });
    await waitFor(() => expect(second.getByRole("button", { name: "Refresh now" })).toBeEnabled(), { timeout: 5_000 });
    await step("refresh in the first tab", async () => {
      await userEvent.click(first.getByRole("button", { name: "Refresh now" }));
      for (const tab of [first, second]) {
        await waitFor(() =>
          expect(tab.getByRole("list", { name: "Refreshes" })).toHaveTextContent(/refreshed.*by hand.*adopted/),
        );
      }
    });
    await step("each tab knows of the other", async () => {
      await waitFor(() => expect(second.getAllByRole("row")).toHaveLength(3));
    });
  },
};

export const Outage: StoryObj = {
  parameters: { watch: "The network is gone: a failure, the next attempt, and a session that goes on." },
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas, step }) => {
    await step("a refresh without a network fails, and the session goes on", async () => {
      await press(canvas, "Go offline");
      await press(canvas, "Refresh now");
      await expect(await canvas.findByText(/1 failure in a row; all tabs wait until/)).toBeVisible();
      await expect(canvas.getByText(/the next attempt after a failure/)).toBeVisible();
      await expect(
        within(canvas.getByRole("region", { name: "Session devtools" })).getAllByText("authenticated")[0],
      ).toBeVisible();
    });
  },
};

export const SomebodyElse: StoryObj = {
  parameters: {
    watch: "Somebody whom no server knows is signed in, to see what the page still shows of Ada: it should be nothing.",
  },
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas, canvasElement, step }) => {
    await canvas.findByText(ada.username);
    await step("somebody else", async () => {
      await press(canvas, "Somebody else");
      await expect(await canvas.findByRole("button", { name: "Be yourself again" })).toBeVisible();
      await waitFor(() => expect(canvasElement).not.toHaveTextContent(ada.username));
    });
  },
};

export const SessionEnded: StoryObj = {
  parameters: {
    watch:
      "A refresh was answered as by a server that had revoked the session: nobody is signed in, and the events say why.",
  },
  render: (_, { globals }) => app(globals["theme"], {}),
  play: async ({ canvas, step }) => {
    await canvas.findByText(ada.username);
    await step("revoke the session", () => press(canvas, "Revoke session"));
    await waitFor(() => expect(canvas.getAllByText("out: revoked")[0]).toBeVisible());
    await expect(canvas.getByRole("list", { name: "Events" })).toHaveTextContent("sessionEnded");
    await expect(canvas.getByRole("button", { name: "Refresh now" })).toBeDisabled();
  },
};

export const NobodySignedIn: StoryObj = {
  parameters: { watch: "Nobody is signed in: what can be tried is the network alone." },
  render: (_, { globals }) => app(globals["theme"], {}, async () => {}),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText("No access token.")).toBeVisible();
    await waitFor(() => expect(canvas.getAllByText("out: none")[0]).toBeVisible());
  },
};
