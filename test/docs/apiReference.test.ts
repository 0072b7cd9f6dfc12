import { join } from "node:path";
import {
  Application,
  type Comment,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
} from "typedoc";
import { beforeAll, describe, expect, it } from "vitest";
import { readDocument, repository } from "./markdown.ts";

// What `npm run docs:api` writes, read instead of written.
describe("the API reference", () => {
  let warnings: string[];
  let project: ProjectReflection;
  let options: readonly DeclarationReflection[];

  beforeAll(async () => {
    const app = await Application.bootstrap(
      { options: join(repository, "typedoc.json"), validation: { notDocumented: true }, skipErrorChecking: true },
      [new TypeDocReader(), new TSConfigReader()],
    );
    warnings = [];
    app.logger = new WarningCollector(warnings);
    project = (await app.convert()) ?? expect.fail("TypeDoc could not read the sources.");
    app.validate(project);
    options = (project.getReflectionsByKind(ReflectionKind.Interface) as DeclarationReflection[])
      .filter(({ name }) => name.endsWith("Options"))
      .flatMap(({ children = [] }) => children);
  }, 240_000);

  it("tells of every public export and of every member; of inline types, where they stand", () => {
    expect(project.children?.length).toBe(16);
    expect(warnings.filter((warning) => !warning.includes(".__type."))).toEqual([]);
  });

  it("says of every option that may be left out what happens then", () => {
    expect(options.length).toBeGreaterThan(60);
    const silent = options.filter(
      ({ flags, comment }) => flags.isOptional && !/default|absent|required/i.test(textOf(comment)),
    );
    expect(silent.map((option) => option.getFriendlyFullName())).toEqual([]);
  });

  it("says in which unit an option counts", () => {
    const numbers = options.filter(({ type }) => /\bnumber\b/.test(type?.toString() ?? ""));
    const unclear = numbers.filter(
      ({ name, comment }) =>
        !/(Ms|Seconds|At|Kib)$/.test(name) &&
        !/\b(milliseconds|seconds|how many|passes|threads|number)\b/i.test(textOf(comment)),
    );
    expect(numbers.length).toBeGreaterThan(10);
    expect(unclear.map((option) => option.getFriendlyFullName())).toEqual([]);
  });

  it("explains every error code", () => {
    const codes = (project.getReflectionsByKind(ReflectionKind.TypeAlias) as DeclarationReflection[]).filter(
      ({ name }) => name.endsWith("ErrorCode"),
    );
    expect(codes.map(({ name }) => name).sort()).toEqual([
      "AccessTokenErrorCode",
      "AuthErrorCode",
      "ServerSessionErrorCode",
      "SessionFileErrorCode",
    ]);
    for (const { type, comment, name } of codes) {
      for (const code of literalsOf(type?.toString() ?? "")) expect(textOf(comment), name).toContain(`\`${code}\``);
    }
    const authCodes = literalsOf(codes.find(({ name }) => name === "AuthErrorCode")?.type?.toString() ?? "");
    expect(authCodes.length).toBeGreaterThan(10);
    const table = readDocument("docs/troubleshooting.md").split("## Error codes")[1] ?? "";
    expect(authCodes.filter((code) => !table.includes(`| \`${code}\` |`))).toEqual([]);
  });
});

function textOf(comment: Comment | undefined): string {
  return comment === undefined
    ? ""
    : [comment.summary, ...comment.blockTags.map(({ content }) => content)]
        .flat()
        .map(({ text }) => text)
        .join("");
}

function literalsOf(union: string): string[] {
  return [...union.matchAll(/"(\w+)"/g)].map(([, literal = ""]) => literal);
}

class WarningCollector extends Logger {
  readonly #warnings: string[];

  constructor(warnings: string[]) {
    super();
    this.#warnings = warnings;
  }

  override addContext(message: string, level: Exclude<LogLevel, LogLevel.None>): string {
    if (level >= LogLevel.Warn) this.#warnings.push(message);
    return message;
  }
}
