import { OptionsError } from "./optionsError.ts";

/** The part of `node:module` that is asked. */
interface ModuleSystem {
  createRequire(from: string): { resolve(name: string): string };
}

/**
 * Refuses to go on without an optional peer, when the server is made rather than at the first request that needs it. Only
 * looks where it is; nothing is loaded.
 *
 * @param neededBy what needs it, and what could be used instead.
 * @throws OptionsError naming what to install.
 */
export function requirePeer(name: string, neededBy: string): void {
  // A package that every server has: where not even that is found by its name, everything was bundled into one file, and
  // where names lead says nothing.
  if (isFound("jose") === true && isFound(name) === false) {
    throw new OptionsError(`\`${name}\` is not installed, and ${neededBy}: npm install ${name}`);
  }
}

/** Null where the runtime cannot tell (a page, a worker). */
function isFound(name: string): boolean | null {
  const { process } = globalThis as {
    process?: { cwd?(): string; getBuiltinModule?(module: string): ModuleSystem | undefined };
  };
  const modules = process?.getBuiltinModule?.("node:module");
  if (modules === undefined) return null;
  // Bundlers may have put another address into `import.meta.url`; then the program's folder still leads there.
  return [import.meta.url, `${process?.cwd?.() ?? ""}/`].some((from) => {
    try {
      modules.createRequire(from).resolve(name);
      return true;
    } catch {
      return false;
    }
  });
}
