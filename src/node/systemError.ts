/** The system's code of a failed call (`ENOENT`), or null for any other error. */
export function readSystemErrorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the system allows no larger file",
  EROFS: "the file system is read-only",
  EACCES: "permission is denied",
  EPERM: "the operation is not permitted",
  EBUSY: "another program holds it",
  ENOTDIR: "a part of the path is no folder",
  EIO: "the disk does not answer",
};

/** The system's failure in words, with its code. */
export function describeSystemError(error: unknown): string {
  const code = readSystemErrorCode(error);
  if (code === null) return "an unexpected failure";
  return SENTENCES[code] === undefined ? code : `${SENTENCES[code]} (${code})`;
}
