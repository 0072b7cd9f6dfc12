/** What a command sees of the world around it. */
export interface CommandWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: NodeJS.ReadStream;
  /** For what was asked for: a token, a list, JSON. */
  readonly output: NodeJS.WriteStream;
  /** For people: progress, warnings, errors. */
  readonly messages: NodeJS.WriteStream;
  readonly openBrowser: (address: string) => Promise<void>;
  readonly version: string;
  /** Ctrl-C, or the request to end. */
  readonly interrupted: AbortSignal;
}
