/**
 * Loads an optional peer when it is first needed. The name is kept from bundlers, each of which has a word of its own for it:
 * a page that runs the server in memory must not try to bundle native code, and on a server a bundler's own `import` knows
 * only the modules that it has bundled.
 *
 * @throws Error naming what to install.
 */
export async function loadPeer<Module>(name: string): Promise<Module> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ name)) as Module;
  } catch (cause) {
    throw new Error(`\`${name}\` could not be loaded: npm install ${name}`, { cause });
  }
}
