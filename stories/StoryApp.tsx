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
  return (
    <StoryServer
      options={options}
      prepare={async (world) => {
        const auth = world.openTab();
        await prepare?.(world, auth);
        return auth;
      }}
    >
      {(world, auth) => <Tab auth={auth}>{children(world, auth)}</Tab>}
    </StoryServer>
  );
}

export interface StoryServerProps<T> {
  options?: StoryWorldOptions | undefined;
  prepare: (world: StoryWorld) => Promise<T>;
  /** Is told the server's world, and what `prepare` came to. */
  children: (world: StoryWorld, prepared: T) => ReactNode;
}

/** A server alone, for stories that open tabs of their own. */
export function StoryServer<T>({ options, prepare, children }: StoryServerProps<T>): ReactElement {
  const [story, setStory] = useState<{ world: StoryWorld; prepared: T } | null>(null);

  useEffect(() => {
    const world = createStoryWorld(options);
    let isGone = false;
    void prepare(world).then((prepared) => {
      if (!isGone) setStory({ world, prepared });
    });
    return () => {
      isGone = true;
      world.dispose();
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a story is made once
  }, []);

  if (story === null) return <p role="status">Starting the server in this page…</p>;
  return <>{children(story.world, story.prepared)}</>;
}
