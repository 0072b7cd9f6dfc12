import { defineConfig } from "vitepress";
import manifest from "../../package.json" with { type: "json" };
import { leadLinksOn } from "./links.ts";
import { createSidebar } from "./pages.ts";

// The one place of the repository's address is package.json.
const address =
  "repository" in manifest ? String((manifest.repository as { url: string }).url).replace(/^git\+|\.git$/g, "") : null;

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#1d5c3f"/><path d="M9 16.5l5 5 9-11" fill="none" stroke="#fff" stroke-width="3.5"/></svg>';

export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  lang: "en",
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  base: process.env["BASE"] ?? "/",
  // Pages are the files as they lie in the repository, so that a link that works there works here.
  srcDir: "..",
  srcExclude: ["{bench,dist,python,src,stories,test}/**", ".*/**"],
  outDir: process.env["OUT"] ?? "docs/.vitepress/dist",
  rewrites: { "README.md": "index.md" },
  // Of stories that open in a page of their own; `npm run docs` builds them after the pages.
  ignoreDeadLinks: [/^\/stories\//],
  lastUpdated: false,
  markdown: { config: (markdown) => leadLinksOn(markdown, address) },
  themeConfig: {
    nav: [
      { text: "Getting started", link: "/docs/getting-started" },
      { text: "Why", link: "/docs/why" },
      { text: "API", link: "/docs/api/" },
      { text: "Stories", link: "/stories/index.html", target: "_blank" },
    ],
    sidebar: createSidebar(),
    outline: [2, 3],
    search: { provider: "local" },
    ...(address === null ? {} : { socialLinks: [{ icon: "github", link: address }] }),
  },
  // The repository's own configuration builds the package.
  vite: { configFile: false, publicDir: false },
});
