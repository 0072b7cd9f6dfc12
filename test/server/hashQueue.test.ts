import { describe, expect, it } from "vitest";
import { createHashQueue } from "../../src/server/hashQueue.ts";

/** A queue whose work ends when the test says, and what has begun, ended and been sent away so far. */
function startQueue(maxRunning: number, maxWaiting: number) {
  const queue = createHashQueue(maxRunning, maxWaiting);
  const begun: string[] = [];
  const refused: string[] = [];
  const ends: (() => void)[] = [];
  let count = 0;
  const ask = (line: string) => {
    const name = `${line}${(count += 1)}`;
    const work = () => {
      begun.push(name);
      return new Promise<void>((end) => ends.push(end));
    };
    return queue.run(line, work).catch(() => void refused.push(name));
  };
  /** Ends the work that began first, and lets what follows from it happen. */
  const endOne = async () => {
    ends.shift()?.();
    await new Promise((done) => setImmediate(done));
  };
  return { ask, begun, refused, endOne, settle: () => new Promise((done) => setImmediate(done)) };
}

describe("the queue of passwords to be checked", () => {
  it("works on no more than it may at once, and takes the next when one is done", async () => {
    const { ask, begun, endOne, settle } = startQueue(2, 10);
    for (let index = 0; index < 4; index += 1) void ask("a");
    await settle();
    expect(begun).toEqual(["a1", "a2"]);
    await endOne();
    expect(begun).toEqual(["a1", "a2", "a3"]);
  });

  it("lets those who ask take turns, so that whoever asks a lot waits for themselves", async () => {
    const { ask, begun, endOne, settle } = startQueue(1, 100);
    for (let index = 0; index < 60; index += 1) void ask("attacker ");
    void ask("ada ");
    void ask("bob ");
    await settle();
    for (let index = 0; index < 4; index += 1) await endOne();
    expect(begun.slice(0, 5)).toEqual(["attacker 1", "attacker 2", "ada 61", "bob 62", "attacker 3"]);
  });

  it("sends away the last of the longest line when it is full, not whoever comes next", async () => {
    const { ask, begun, refused, endOne, settle } = startQueue(1, 3);
    for (let index = 0; index < 4; index += 1) void ask("attacker ");
    void ask("ada ");
    await settle();
    expect(refused).toEqual(["attacker 4"]);
    for (let index = 0; index < 3; index += 1) await endOne();
    expect(begun).toEqual(["attacker 1", "attacker 2", "ada 5", "attacker 3"]);
  });

  it("sends away the newcomer where no line is longer than its own", async () => {
    const { ask, refused, settle } = startQueue(1, 2);
    for (const line of ["a", "b", "c", "d"]) void ask(line);
    await settle();
    expect(refused).toEqual(["d4"]);
  });

  it("works at once even where nothing may wait, and again after a failure", async () => {
    const queue = createHashQueue(1, 0);
    await expect(queue.run("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await queue.run("a", async () => "done")).toBe("done");
  });
});
