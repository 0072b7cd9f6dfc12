import { act, cleanup } from "@testing-library/react";
import { Hono } from "hono";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { requireUser } from "../../src/server/requireUser.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import { createServerOnClock } from "../support/createServerOnClock.ts";
import { writeRecipes } from "./recipes.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export const credentials = { username: "ada@example.org", password: "correct horse battery" };

/** A browser whose first tab runs the recipes of docs/routers.md, and a server with notes. */
export async function openWorld() {
  const { clock, server } = createServerOnClock();
  const app = new Hono();
  app.route("/", server.app);
  app.get("/api/notes", requireUser(server), (context) => context.json(["Buy milk"]));
  const world = createTabs(2, { app, clock });
  const clients: AuthClient[] = [];
  const openClient = (index: number): AuthClient => {
    const tab = world.tabs[index];
    if (tab === undefined) throw new Error(`There is no tab ${index}.`);
    const client = createAuthClient({ platform: tab.platform });
    clients.push(client);
    return client;
  };
  const other = openClient(1);

  async function loadRecipe(name: string) {
    const auth = openClient(0);
    // Read by the auth.ts that is written below.
    Object.assign(globalThis, { given: { auth, fetch: world.tabs[0]?.platform.fetch } });
    const recipes = await writeRecipes({
      "auth.ts": `import { authorizeFetch } from "stay-signed-in/fetch";
export const auth = globalThis.given.auth;
export const api = authorizeFetch(auth, { fetch: globalThis.given.fetch });`,
      "SignIn.tsx": `export const SignIn = () => <form>Please sign in</form>;`,
    });
    undo.push(recipes.remove);
    return { auth, recipe: await recipes.load(name) };
  }

  const undo: (() => unknown)[] = [];
  return {
    world,
    other,
    loadRecipe,
    /** Somebody gets an account and is signed in, by the other tab. */
    leaveSession: (): Promise<void> =>
      act(async () => {
        await world.until(other.register({ email: credentials.username, password: credentials.password }));
        await world.settle();
      }),
    settle: async (): Promise<void> => {
      for (let round = 0; round < 5; round += 1) await act(() => world.settle());
    },
    async close(): Promise<void> {
      cleanup();
      for (const client of clients) client.dispose();
      for (const step of undo) await step();
      world.dispose();
    },
  };
}
