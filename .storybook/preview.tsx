import type { Preview } from "@storybook/react-vite";
import { useEffect } from "react";
import { configure } from "storybook/test";
import { StoryDocs } from "./StoryDocs.tsx";
import { StepGate, waitForNext } from "./StepGate.tsx";
import "./preview.css";

// A page that renders late on a busy machine has not failed.
configure({ asyncUtilTimeout: 10_000 });

const preview: Preview = {
  tags: ["autodocs"],
  parameters: {
    docs: { page: StoryDocs },
    layout: "fullscreen",
    a11y: { test: "error" },
    controls: { disable: true },
    options: { storySort: { order: ["Sign in", "Session", "Tabs", "Sockets", "Guards", "Devtools"] } },
  },
  globalTypes: {
    pace: {
      description: "How the story plays",
      toolbar: { title: "Pace", icon: "play", items: ["at once", "step by step"], dynamicTitle: true },
    },
    theme: {
      description: "Colour theme",
      toolbar: { title: "Theme", icon: "contrast", items: ["system", "light", "dark"], dynamicTitle: true },
    },
  },
  initialGlobals: { theme: "system", pace: "at once" },
  runStep: async (label, play, context) => {
    if (context.globals["pace"] === "step by step") await waitForNext(label);
    await play(context);
  },
  decorators: [
    (Story, { globals, parameters }) => {
      const theme = String(globals["theme"]);
      useEffect(() => {
        document.documentElement.dataset["theme"] = theme;
      }, [theme]);
      return (
        <main className="page">
          {typeof parameters["watch"] === "string" && <p className="watch">{parameters["watch"]}</p>}
          <StepGate />
          <Story />
        </main>
      );
    },
  ],
};

export default preview;
