/** By what bundlers write into every page with React. Where nobody has, nothing is known, and it counts as production. */
export function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== "production";
  } catch {
    return false;
  }
}
