import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { readSystemErrorCode } from "./systemError.ts";

/** Tells this process from every other, and whether the process of another mark still runs. */
export interface ProcessMark {
  /** Fit for a file name: process id, its start, and a short form of the machine. */
  readonly text: string;
  /** `unknown` for a process of another machine or container: its process ids mean nothing here. */
  look(mark: string): "running" | "gone" | "unknown";
}

const attempt = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return "";
  }
};

// A process id is soon given to another process; with the moment of its start, in ticks since boot, it is not.
function readStart(pid: number | "self"): string {
  const line = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The name in parentheses may itself hold spaces and parentheses; the start is the 20th field after it.
  return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

// Containers may share a host name and a folder while each counts its processes by itself.
const readPlace = (): string =>
  createHash("sha256")
    .update([hostname(), attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"))].join("\n"))
    .update(attempt(() => readlinkSync("/proc/self/ns/pid")))
    .digest("hex")
    .slice(0, 12);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return readSystemErrorCode(error) !== "ESRCH";
  }
}

/** The mark of this process. */
export function createProcessMark(): ProcessMark {
  const place = readPlace();
  return {
    text: `${process.pid}-${readStart("self") || "0"}-${place}`,
    look(mark) {
      const [, pid, start, markPlace] = /^(\d+)-(\d+)-([0-9a-f]{12})$/.exec(mark) ?? [];
      if (pid === undefined || start === undefined || markPlace !== place) return "unknown";
      if (!isRunning(Number(pid))) return "gone";
      const runningStart = readStart(Number(pid));
      return start === "0" || runningStart === "" || runningStart === start ? "running" : "gone";
    },
  };
}
