import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import type { AuthClient } from "../src/core/authClient.ts";
import { createStoryWorld, type StoryWorld, type StoryWorldOptions } from "./storyWorld.ts";
import { Tab } from "./Tab.tsx";

export interface StoryAppProps {
  options?: StoryWorldOptions;
  /** Runs before anything is shown: accounts, sign-ins. */
  prepare?: (world: StoryWorld, auth: AuthClient) => Promise<unknown>;
  children: (world: StoryWorld, auth: AuthClient) => ReactNode;
}

/** An app with a server of its own, made anew for each story. */
export function StoryApp({ options, prepare, children }: StoryAppProps): ReactElement {
  const [app, setApp] = useState<{ world: StoryWorld; auth: AuthClient } | null>(null);

  useEffect(() => {
    const world = createStoryWorld(options);
    const auth = world.openTab();
    let isGone = false;
    void Promise.resolve(prepare?.(world, auth)).then(() => {
      if (!isGone) setApp({ world, auth });
    });
    return () => {
      isGone = true;
      world.dispose();
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a story is made once
  }, []);

  if (app === null) return <p role="status">Starting the server in this page…</p>;
  return <Tab auth={app.auth}>{children(app.world, app.auth)}</Tab>;
}
