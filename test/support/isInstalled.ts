/**
 * Whether a program that tests need is there; where it is not, they are skipped. Not where `EVERY_TEST` is `yes`, as `.ci/run` sets it after
 * it has installed everything: there a missing program is an error, so that no test goes missing with it.
 */
export function isInstalled(program: string, isHere: boolean): boolean {
  if (!isHere && process.env["EVERY_TEST"] === "yes")
    throw new Error(`${program} is not installed, and EVERY_TEST=yes lets no test be skipped for that: see .ci/run.`);
  return isHere;
}
