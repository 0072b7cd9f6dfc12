// For tools from before ES modules or `exports` (Jest, webpack 4, create-react-app): the built files of a page's entries once more, as
// CommonJS in `dist/cjs`, and for each entry a folder whose package.json says where it is. Takes the package's folder.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { transform } from "esbuild";

const folder = process.argv[2] ?? ".";
const dist = join(folder, "dist");
const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));

async function write(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const translated = new Set();
/** The file, and whatever it imports. */
async function translate(name) {
  if (translated.has(name)) return;
  translated.add(name);
  const isDeclaration = name.endsWith(".d.ts");
  const source = await readFile(join(dist, name), "utf8");
  // A declaration says the same in both; whose kind it is, the package.json beside it says. Jest has no dynamic import.
  const supported = { "dynamic-import": false };
  const print = async (format, more) => (await transform(source, { format, target: "es2022", ...more })).code;
  await write(join(dist, "cjs", name), isDeclaration ? source : await print("cjs", { supported }));
  // By the same printer: lines that are alike lie side by side in the archive, and cost a download nothing.
  if (!isDeclaration) await write(join(dist, name), await print("esm"));
  for (const [, target] of source.matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
    const imported = join(dirname(name), target);
    await translate(isDeclaration ? imported.replace(/\.js$/, ".d.ts") : imported);
  }
}

for (const [entry, { require: commonJs, default: module }] of Object.entries(exports)) {
  if (commonJs === undefined) continue;
  for (const file of Object.values(module)) await translate(file.replace("./dist/", ""));
  if (entry === ".") continue;
  const manifest = {
    main: `.${commonJs.default}`,
    module: `.${module.default}`,
    types: `.${module.types}`,
    sideEffects: false,
  };
  await write(join(folder, entry, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
await write(join(dist, "cjs", "package.json"), '{ "type": "commonjs" }\n');
