import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { groups } from "../../docs/.vitepress/pages.ts";
import { listDocuments, repository } from "./markdown.ts";

const run = promisify(execFile);
const documents = listDocuments().filter((document) => document.startsWith("docs/"));

// What `npm run docs` builds, without the API reference and the stories, which have tests of their own.
describe("the site of the documents", () => {
  let site: string;
  const page = (path: string): string => readFileSync(join(site, path), "utf8");

  beforeAll(async () => {
    site = await mkdtemp(join(tmpdir(), "stay-signed-in-site-"));
    const vitepress = join(repository, "node_modules", "vitepress", "bin", "vitepress.js");
    // The test runner's own NODE_ENV would make it a site under development.
    const { NODE_ENV: _, ...env } = process.env;
    await run(process.execPath, [vitepress, "build", "docs"], { cwd: repository, env: { ...env, OUT: site } });
  }, 240_000);

  afterAll(() => rm(site, { recursive: true, force: true }));

  it("has every document, and each where the reader looks for it", () => {
    const placed = Object.values(groups)
      .flat()
      .map((name) => `docs/${name}.md`);
    expect(placed.toSorted()).toEqual(documents);
    const missing = documents.filter((document) => !existsSync(join(site, document.replace(/\.md$/, ".html"))));
    expect(missing).toEqual([]);
    const start = page("index.html");
    for (const document of documents) expect(start).toContain(`href="/${document.replace(/\.md$/, ".html")}"`);
  });

  it("has a search that finds words of the guides", () => {
    const names = JSON.parse(page("hashmap.json"));
    expect(Object.keys(names)).toContain("docs_troubleshooting.md");
    expect(page("index.html")).toContain("VPNavBarSearch");
  });

  it("offers to run the story that a paragraph links to", () => {
    expect(page("docs/tabs.html")).toMatch(
      /<figure class="story"><button type="button">Run it here<\/button>.*\/stories\/iframe\.html\?id=tabs--one-refresh-for-both/,
    );
  });

  it("links to nothing that is not on it", () => {
    for (const document of documents) {
      const outside = page(document.replace(/\.md$/, ".html")).match(
        /href="(?:\.\.\/)+(?:src|test|examples|stories)[^"]*"/g,
      );
      expect(outside ?? [], document).toEqual([]);
    }
  });
});
