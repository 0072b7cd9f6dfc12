import { displayText } from "./displayText.ts";

/** Those that name others beside themselves come first. */
const BROWSERS = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;

const SYSTEMS = [
  [/Windows/, "Windows"],
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Mac OS X|Macintosh/, "Mac"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
] as const;

const MAX_LENGTH = 40;

/** A user agent as people know it: "Firefox on Windows", or the program's own name. */
export function describeUserAgent(userAgent: string): string {
  const nameIn = (names: readonly (readonly [RegExp, string])[]) => names.find(([form]) => form.test(userAgent))?.[1];
  const system = nameIn(SYSTEMS);
  // What is no browser begins with its own name, as in `curl/8.5.0`.
  const program = displayText(userAgent.split("/")[0] ?? "").slice(0, MAX_LENGTH);
  const browser = nameIn(BROWSERS) ?? (program === "" || program === "Mozilla" ? "a program" : program);
  return system === undefined ? browser : `${browser} on ${system}`;
}
