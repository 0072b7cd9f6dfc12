import { text } from "node:stream/consumers";
import { AuthError } from "../../core/authError.ts";
import type { CommandWorld } from "./commandWorld.ts";
import { UsageError } from "./exitCodes.ts";

/** The password from standard input, without the line end that `echo` adds. */
export async function readPasswordFromInput({ input }: CommandWorld): Promise<string> {
  const password = (await text(input)).replace(/\r?\n$/, "");
  if (password === "") throw new UsageError("There is no password on standard input.");
  return password;
}

const ENTER = /[\r\n]/;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const ERASE = /[\b\u007f]/;

/** Asks for the password on the terminal, which shows nothing of it. */
export async function askPassword({ input, messages, interrupted }: CommandWorld, question: string): Promise<string> {
  if (input.isTTY !== true) {
    throw new UsageError(
      "There is no terminal to ask for the password on. Pass it on standard input, with --password-stdin.",
    );
  }
  // First, so that whoever types ahead of the question is not shown either.
  input.setRawMode(true);
  messages.write(question);
  input.setEncoding("utf8");
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed: string[] = [];
      const giveUp = (): void => finish(() => reject(new AuthError("aborted", "No password was given.")));
      const finish = (then: () => void): void => {
        input.off("data", take);
        input.off("end", giveUp);
        interrupted.removeEventListener("abort", giveUp);
        then();
      };
      const take = (chunk: string): void => {
        for (const character of chunk) {
          if (ENTER.test(character)) return finish(() => resolve(typed.join("")));
          // In raw mode the terminal makes no signal of it.
          if (character === CTRL_C || (character === CTRL_D && typed.length === 0)) return giveUp();
          if (character === CTRL_U) typed = [];
          else if (ERASE.test(character)) typed.pop();
          else if (character >= " ") typed.push(character);
        }
      };
      interrupted.addEventListener("abort", giveUp);
      input.on("end", giveUp);
      input.on("data", take);
    });
  } finally {
    input.setRawMode(false);
    input.pause();
    messages.write("\n");
  }
}
