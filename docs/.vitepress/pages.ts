import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";

export const repository = join(import.meta.dirname, "..", "..");

/** Every page of `docs`, where the reader finds it. A test compares it with the folder. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  Begin: ["getting-started", "why", "existing-frontend", "migrating-from-local-storage-tokens", "newcomers-log"],
  "In the page": ["axios-fetch-socketio", "tanstack-query", "routers", "ssr", "recipes", "native", "testing"],
  Server: ["server", "ways-in-and-out", "fastapi-users", "other-backends", "node-and-cli"],
  "How it works": ["how-it-works", "tabs", "protocol", "session-file", "architecture"],
  "Can I trust it": ["security", "security-standards", "conformance", "benchmarks", "evidence", "versioning"],
  "When something is wrong": ["troubleshooting"],
};

const beside = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md"];

/** The guides, then the API reference as `npm run docs:api` has left it. */
export function createSidebar(): DefaultTheme.SidebarItem[] {
  const guides = Object.entries(groups).map(([text, names]) => ({
    text,
    items: names
      .map((name) => `docs/${name}.md`)
      .filter(isThere)
      .map(toItem),
  }));
  const reference = "docs/api/typedoc-sidebar.json";
  const api: DefaultTheme.SidebarItem[] = isThere(reference) ? JSON.parse(read(reference)) : [];
  return [
    ...guides,
    { text: "API reference", items: api, collapsed: false },
    { text: "The project", items: beside.filter(isThere).map(toItem) },
  ];
}

function toItem(path: string): DefaultTheme.SidebarItem {
  const [, title = path] = /^# (.+)$/m.exec(read(path)) ?? [];
  return { text: title, link: `/${path.replace(/\.md$/, "")}` };
}

function isThere(path: string): boolean {
  return existsSync(join(repository, path));
}

function read(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}
