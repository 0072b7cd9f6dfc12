import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { StoryFrame } from "./StoryFrame.ts";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => void app.component("StoryFrame", StoryFrame),
} satisfies Theme;
