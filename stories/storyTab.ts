/** What a story gives to a tab that runs in an iframe: the network, since the server is in the story's own page. */
export interface StoryTab {
  readonly namespace: string;
  readonly origin: string;
  readonly fetch: typeof globalThis.fetch;
}

declare global {
  interface Window {
    storyTab?: StoryTab;
  }
}
