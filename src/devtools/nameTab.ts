import type { Board } from "./tabBoard.ts";

/** Tabs are numbered as they were opened, the same in each of them that has heard of the same ones. */
export function nameTab(id: string, { ownId, tabs }: Board): string {
  const number = tabs.findIndex((tab) => tab.id === id) + 1;
  return id === ownId ? "this tab" : number === 0 ? "a tab" : `tab ${number}`;
}
