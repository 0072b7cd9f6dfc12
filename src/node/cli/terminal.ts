import type { CommandWorld } from "./commandWorld.ts";

export interface Terminal {
  /** A line for people. */
  say(line: string): void;
  /** A line of what was asked for. */
  print(line: string): void;
  bold(text: string): string;
  /** Shows that something goes on until the returned function is called; `describe` is asked once a second. */
  showProgress(describe: () => string): () => void;
}

const RENEW_EVERY_MS = 1_000;

/** Writes to the terminal, or to what stands in its place: without one, no colours and nothing that moves. */
export function createTerminal({ environment, output, messages }: CommandWorld): Terminal {
  const isTerminal = messages.isTTY === true && environment["TERM"] !== "dumb";
  const hasColours = isTerminal && !environment["NO_COLOR"];
  const say = (line: string): void => void messages.write(`${line}\n`);
  return {
    say,
    print: (line) => void output.write(`${line}\n`),
    bold: (text) => (hasColours ? `\u001b[1m${text}\u001b[22m` : text),
    showProgress(describe) {
      if (!isTerminal) {
        say(describe());
        return () => undefined;
      }
      const draw = (): void => void messages.write(`\r\u001b[K${describe()}`);
      draw();
      const timer = setInterval(draw, RENEW_EVERY_MS);
      return () => {
        clearInterval(timer);
        messages.write("\r\u001b[K");
      };
    },
  };
}

/** The text without control characters: what a server sends must not move the cursor or colour the screen. */
export function toPlainText(text: string): string {
  return text.replaceAll(/\p{C}/gu, "");
}
