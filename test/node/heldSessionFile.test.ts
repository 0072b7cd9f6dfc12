import { readFile, rename } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { makeSessionFolder } from "./support/sessionFolder.ts";
import { address, makeEntry } from "./support/storedSession.ts";

// Windows alone holds a file so; elsewhere its refusals are played.
vi.mock("node:fs/promises", { spy: true });

const refuse = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));

// C08
it.each(["EPERM", "EACCES", "EBUSY"])(
  "a session file that is held for a moment (%s) is replaced after it",
  async (code) => {
    const { file, path, names } = await makeSessionFolder();
    vi.mocked(rename)
      .mockImplementationOnce(() => refuse(code))
      .mockImplementationOnce(() => refuse(code));
    await file.updateServer(address, () => makeEntry({ subject: "grace" }));
    expect((await file.readServer(address)).session?.subject).toBe("grace");
    expect(await readFile(path, "utf8")).toContain("grace");
    expect(await names()).toEqual(["sessions.json"]);
  },
);

it("one that goes on being held is told of, and what it held stays", async () => {
  const { file, names } = await makeSessionFolder();
  await file.updateServer(address, () => makeEntry({ subject: "ada" }));
  vi.mocked(rename).mockImplementation(() => refuse("EBUSY"));
  await expect(file.updateServer(address, () => makeEntry({ subject: "grace" }))).rejects.toMatchObject({
    code: "sessionFileUnwritable",
    message: expect.stringContaining("another program holds it (EBUSY)"),
  });
  vi.mocked(rename).mockRestore();
  expect((await file.readServer(address)).session?.subject).toBe("ada");
  expect(await names()).toEqual(["sessions.json"]);
});

it("any other refusal is told of at once", async () => {
  const { file } = await makeSessionFolder();
  vi.mocked(rename)
    .mockClear()
    .mockImplementationOnce(() => refuse("ENOSPC"));
  await expect(file.updateServer(address, () => makeEntry())).rejects.toMatchObject({ code: "sessionFileUnwritable" });
  expect(rename).toHaveBeenCalledTimes(1);
});
