import { DocsContext, Heading, Title } from "@storybook/addon-docs/blocks";
import { type ReactElement, useContext } from "react";

/**
 * All stories of one file below each other, each in a frame of its own that plays when its reader says
 * so: several that play at once take the focus from each other.
 */
export function StoryDocs(): ReactElement {
  const stories = useContext(DocsContext).componentStories();
  return (
    <>
      <Title />
      {stories.map(({ id, name }) => (
        <section key={id}>
          <Heading>{name}</Heading>
          <iframe
            className="docs-story"
            title={name}
            loading="lazy"
            src={`iframe.html?${new URLSearchParams({ id, viewMode: "story", globals: "pace:step by step" })}`}
          />
        </section>
      ))}
    </>
  );
}
