import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What mostly waits: for browsers, servers and clocks. All else mostly works. */
const WAITING = ["browser", "interop"];

/** Begun first, since nothing would run beside them at the end. */
const LONGEST = [
  "core/model",
  "interop/pythonPackage",
  "interop/existingApp",
  "package/next",
  "package/tarball",
  "docs/site",
  "docs/codeBlocks",
  "node/commandLine",
  "interop/presets",
  "server/signInAttacks",
  "browser/frozen",
];

/** The order of the test files: those that wait are spread evenly among those that work, so that no processor is idle for long. */
export class WaitingBesideWorking extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isWaiting = ({ project }: TestSpecification) => WAITING.includes(project.name);
    const spread = [sorted.filter(isWaiting), sorted.filter((file) => !isWaiting(file))].flatMap((kind) =>
      kind.map((file, index) => ({ file, place: place(file) ?? (index + 0.5) / kind.length })),
    );
    return spread.toSorted((one, other) => one.place - other.place).map(({ file }) => file);
  }
}

/** Below 0 for one of {@link LONGEST}, in their order. */
function place({ moduleId }: TestSpecification): number | undefined {
  const index = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}.test.`));
  return index < 0 ? undefined : index - LONGEST.length;
}
