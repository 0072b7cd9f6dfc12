/**
 * Loads an optional peer when it is first needed. The name is kept from bundlers, since a page that runs the server in
 * memory must not try to bundle native code.
 *
 * @throws Error naming what to install.
 */
export async function loadPeer<Module>(name: string): Promise<Module> {
  try {
    return (await import(/* @vite-ignore */ name)) as Module;
  } catch (cause) {
    throw new Error(`\`${name}\` could not be loaded: npm install ${name}`, { cause });
  }
}
