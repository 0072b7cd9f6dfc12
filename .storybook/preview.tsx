import type { Preview } from "@storybook/react-vite";
import { useEffect } from "react";
import { configure } from "storybook/test";
import "./preview.css";

// A page that renders late on a busy machine has not failed.
configure({ asyncUtilTimeout: 10_000 });

const preview: Preview = {
  parameters: {
    layout: "fullscreen",
    a11y: { test: "error" },
    controls: { disable: true },
    options: { storySort: { order: ["Sign in", "Session", "Tabs", "Sockets", "Guards", "Devtools"] } },
  },
  globalTypes: {
    theme: {
      description: "Colour theme",
      toolbar: { title: "Theme", icon: "contrast", items: ["system", "light", "dark"], dynamicTitle: true },
    },
  },
  initialGlobals: { theme: "system" },
  decorators: [
    (Story, { globals }) => {
      const theme = String(globals["theme"]);
      useEffect(() => {
        document.documentElement.dataset["theme"] = theme;
      }, [theme]);
      return (
        <main className="page">
          <Story />
        </main>
      );
    },
  ],
};

export default preview;
