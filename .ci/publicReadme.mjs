// Makes the README of a folder fit for the package's public page, where there is no folder `docs` beside it: its links lead to
// where package.json says that the project is (`homepage`, the site that `npm run docs` builds; else `repository`). While it says
// neither, they are plain text, and pictures are left out: better than links that lead nowhere. Called where a package is packed.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
const repository = manifest.repository?.url?.replace(/^git\+|\.git$/g, "");
const path = join(folder, "README.md");

const readme = await readFile(path, "utf8");
// Blocks of code stand as they are.
const pieces = readme.split(/(^```[\s\S]*?^```$)/m);
await writeFile(path, pieces.map((piece) => (piece.startsWith("```") ? piece : lead(piece))).join(""));

function lead(text) {
  const shown = repository === undefined ? withoutPictures(text) : picturesAt(text);
  return shown.replaceAll(/(?<!!)\[([^\]]+)\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, words, target) => {
    const address = addressOf(target);
    return address === null ? words : `[${words}](${address})`;
  });
}

function addressOf(target) {
  const [file, anchor] = target.split("#");
  const end = anchor === undefined ? "" : `#${anchor}`;
  if (manifest.homepage !== undefined && file.endsWith(".md"))
    return new URL(`${file.replace(/\.md$/, ".html")}${end}`, `${manifest.homepage.replace(/\/$/, "")}/`).href;
  return repository === undefined ? null : `${repository}/blob/main/${file}${end}`;
}

function picturesAt(text) {
  const raw = (file) => `${repository}/raw/main/${file}`;
  return text
    .replaceAll(/\b(src|srcset)="(?![a-z]+:)([^"]+)"/g, (_, name, file) => `${name}="${raw(file)}"`)
    .replaceAll(/!\[([^\]]*)\]\((?![a-z]+:)([^)]+)\)/g, (_, words, file) => `![${words}](${raw(file)})`);
}

/** The section that is nothing but pictures. */
function withoutPictures(text) {
  return text.replace(/^## What it looks like\n[\s\S]*?(?=^## )/m, "");
}
