import type { BrowserContext, Page } from "playwright-core";
import { expectNoReadableToken } from "./expectNoReadableToken.ts";
import { recordRefreshes } from "./recordRefreshes.ts";
import type { App } from "./startApp.ts";
import { account, otherAccount, untilKnown } from "./tabActions.ts";

/** What a scenario has: a server, and a browser profile with cookies, storage and channels of its own. */
export interface Scene {
  readonly app: App;
  readonly profile: BrowserContext;
  /** The accounts `account` and `otherAccount` have these subjects. */
  readonly ada: string;
  readonly bob: string;
  /** Opens the app in a new tab and waits until it knows who is signed in. */
  openTab(address?: string): Promise<Page>;
  /** Opens a page of the same origin that does not know the package. */
  openElsewhere(): Promise<Page>;
}

export type Play = (scene: Scene) => Promise<void>;

/** Plays a scenario, and looks afterwards whether a script could read a token anywhere. */
export async function playScene(app: App, profile: BrowserContext, play: Play): Promise<void> {
  const [ada, bob] = [await register(app, account), await register(app, otherAccount)];
  let opened = 0;
  profile.on("page", () => {
    opened += 1;
  });
  const open = async (address: string): Promise<Page> => {
    const tab = await profile.newPage();
    await tab.goto(address);
    return tab;
  };
  await play({
    app,
    profile,
    ada,
    bob,
    async openTab(address = app.origin) {
      const tab = await open(`${address}/`);
      await untilKnown(tab);
      return tab;
    },
    openElsewhere: () => open(`${app.origin}/elsewhere`),
  });
  recordRefreshes(app, opened);
  for (const tab of profile.pages()) await expectNoReadableToken(tab, app);
}

async function register(app: App, { username, password }: typeof account): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${app.port}/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: username, password }),
  });
  const { id } = (await response.json()) as { id: string };
  return id;
}
