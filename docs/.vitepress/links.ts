import { existsSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import type { MarkdownEnv, MarkdownRenderer } from "vitepress";
import { repository } from "./pages.ts";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/**
 * The documents are written to be read where they lie, and link to sources, folders and stories. On the site a folder's README is
 * a page; a story alone in its paragraph runs there; a source is at the repository's address, and plain text while it has none.
 */
export function leadLinksOn(markdown: MarkdownRenderer, address: string | null): void {
  markdown.core.ruler.push("links_of_the_repository", ({ tokens, env }) => {
    const { path } = env as MarkdownEnv;
    for (const [index, block] of tokens.entries()) {
      // Of `<img src="docs/…">` the bundler would make a package's name.
      if (block.type === "html_block")
        block.content = block.content.replaceAll(/\b(src|srcset)="(?![a-z]+:|[./])/g, '$1="./');
      if (block.type !== "inline" || block.children === null) continue;
      if (tokens[index - 1]?.type === "paragraph_open" && showStory(block.children, tokens, index)) continue;
      for (const link of block.children) if (link.type === "link_open") leadOn(link, block.children, path, address);
    }
  });
}

/** `[What to watch](../stories/tabs.stories.tsx "tabs--one-refresh-for-both")` */
function showStory(children: Token[], tokens: Token[], index: number): boolean {
  const [link] = children;
  const id = link?.attrGet("title") ?? null;
  const isAlone = children.at(-1)?.type === "link_close" && children.filter(isLink).length === 1;
  if (id === null || !isAlone || !link?.attrGet("href")?.endsWith(".stories.tsx")) return false;
  const block = tokens[index];
  if (block === undefined) return false;
  const caption = children.map(({ content }) => content).join("");
  block.type = "html_block";
  block.content = `<StoryFrame id="${escape(id)}" caption="${escape(caption)}" />\n`;
  block.children = null;
  for (const around of [tokens[index - 1], tokens[index + 1]]) if (around !== undefined) around.hidden = true;
  return true;
}

function leadOn(link: Token, children: Token[], path: string, address: string | null): void {
  const [href = "", anchor] = (link.attrGet("href") ?? "").split("#");
  if (href === "" || /^([a-z]+:|\/)/.test(href)) return;
  const target = relative(repository, join(dirname(path), href));
  if (/^(README\.md)?$/.test(target)) return link.attrSet("href", anchor === undefined ? "/" : `/#${anchor}`);
  const readme = posix.join(target, "README.md");
  if (existsSync(join(repository, readme))) return link.attrSet("href", `/${readme}`);
  if (target.endsWith(".md")) return;
  if (address !== null) return link.attrSet("href", `${address}/blob/main/${target}`);
  const end = children.slice(children.indexOf(link)).find(({ type }) => type === "link_close");
  for (const token of [link, end]) if (token !== undefined) [token.type, token.tag] = ["text", ""];
}

function isLink({ type }: Token): boolean {
  return type === "link_open";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
