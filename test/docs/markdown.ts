import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const repository = join(import.meta.dirname, "..", "..", "/");

export interface CodeBlock {
  /** The document, as a path inside the repository. */
  readonly document: string;
  /** The line of its opening fence, counted from 1. */
  readonly line: number;
  /** The word after the fence: `ts`, `sh`, or nothing. */
  readonly language: string;
  readonly code: string;
}

/** Every Markdown file that is written for readers of the repository. */
export function listDocuments(): string[] {
  const folders = ["", "docs/", "examples/app/", "examples/fastapi-users/"];
  return folders.flatMap((folder) =>
    readdirSync(join(repository, folder))
      .filter((file) => file.endsWith(".md"))
      .map((file) => `${folder}${file}`),
  );
}

export function readDocument(document: string): string {
  return readFileSync(join(repository, document), "utf8");
}

export function readCodeBlocks(): CodeBlock[] {
  return listDocuments().flatMap((document) => {
    const text = readDocument(document);
    return [...text.matchAll(/^```(\w*).*\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = "", 2: code = "" }) => ({
      document,
      line: text.slice(0, index).split("\n").length,
      language,
      code,
    }));
  });
}
