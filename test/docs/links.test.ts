import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { storyNameFromExport, toId } from "storybook/internal/csf";
import { describe, expect, it } from "vitest";
import { listDocuments, readDocument, repository } from "./markdown.ts";

describe("links and pictures of the documents", () => {
  it("lead to files, and to headings, that are there", () => {
    const broken = listDocuments().flatMap((document) =>
      linksOf(document)
        .filter((link) => !leadsSomewhere(document, link))
        .map((link) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  // A link to a source with a title is, on the site, the story of that id.
  it("name stories that are there", () => {
    const shown = listDocuments().flatMap((document) => storiesShownIn(document));
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.filter(({ file, id }) => !storiesOf(file).includes(id))).toEqual([]);
  });
});

function storiesShownIn(document: string): { document: string; file: string; id: string }[] {
  const links = readDocument(document).matchAll(/^\[.+\]\(([^)\s]+\.stories\.tsx) "([^"]+)"\)$/gm);
  return [...links].map(([, file = "", id = ""]) => ({ document, file: join(dirname(document), file), id }));
}

/** The ids that Storybook makes of a file's title and its exports. */
function storiesOf(file: string): string[] {
  const source = readDocument(file);
  const [, title = ""] = /\btitle: "([^"]+)"/.exec(source) ?? [];
  return [...source.matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => toId(title, storyNameFromExport(name)));
}

/** Those inside the repository; code is no prose. */
function linksOf(document: string): string[] {
  const prose = readDocument(document)
    .replaceAll(/^```[\s\S]*?^```$/gm, "")
    .replaceAll(/`[^`\n]*`(?!\])/g, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)|\bsrc(?:set)?="([^"\s]+)"/g)].map(
    ([, target, source]) => target ?? source ?? "",
  );
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(document: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? document : join(dirname(document), path);
  if (!existsSync(join(repository, target))) return false;
  if (heading === undefined) return true;
  return statSync(join(repository, target)).isFile() && anchorsOf(target).includes(heading);
}

/** As GitHub makes them of headings. */
function anchorsOf(document: string): string[] {
  return [...readDocument(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
