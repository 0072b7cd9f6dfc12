interface Saving {
  isPaused: boolean;
  isPending: boolean;
  isError: boolean;
}

/** How far a save is, in words. One that waits for the network is paused by TanStack Query, and goes out by itself. */
export function describeSaving({ isPaused, isPending, isError }: Saving, otherwise: string): string {
  if (isPaused) return "Not sent yet: waiting for the network.";
  if (isPending) return "Saving…";
  return isError ? "Not saved. Please try again." : otherwise;
}
