/** Those that name others beside themselves come first. */
const BROWSERS = {
  Edg: "Edge",
  "OPR/": "Opera",
  "Firefox/": "Firefox",
  "FxiOS/": "Firefox",
  "Chrome/": "Chrome",
  "CriOS/": "Chrome",
  "Safari/": "Safari",
};
const SYSTEMS = {
  Windows: "Windows",
  Android: "Android",
  iPhone: "iPhone",
  iPad: "iPad",
  "Mac OS X": "Mac",
  CrOS: "ChromeOS",
  Linux: "Linux",
};

/** What a session was begun with, as people know it: a device's name, else "Firefox on Windows" or a program's own name. */
export function describeClient(clientName: string, userAgent: string): string {
  if (clientName !== "") return clientName;
  const nameIn = (names: Readonly<Record<string, string>>): string | undefined =>
    Object.entries(names).find(([mark]) => userAgent.includes(mark))?.[1];
  const system = nameIn(SYSTEMS);
  const program = userAgent.split(/[/\s]/)[0] ?? "";
  const client = nameIn(BROWSERS) ?? (program === "" || program === "Mozilla" ? "unknown" : program);
  return system === undefined ? client : `${client} on ${system}`;
}
