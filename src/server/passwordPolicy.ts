import { ServiceUnavailableError } from "./serviceUnavailableError.ts";
import { utf8 } from "./encoding.ts";

/** How many characters a password has at least; the build leaves shorter ones out of the list of common ones. */
export const MIN_PASSWORD_CHARACTERS = 8;
/** The longest password that is hashed. */
export const MAX_PASSWORD_BYTES = 1024;

/** Whose password it is to be. */
export interface PasswordOwner {
  /** Null for an account without one. */
  readonly email: string | null;
}

/** Why a new password will not do, as a sentence for the person; null or undefined when it will. */
export type CheckPassword = (
  password: string,
  owner: PasswordOwner,
) => string | null | undefined | Promise<string | null | undefined>;

export interface PasswordPolicyOptions {
  readonly checkPassword: CheckPassword | undefined;
  readonly refuseCommonPasswords: boolean;
}

export interface PasswordPolicy {
  /**
   * Why a new password is refused, for people; null when it will do.
   * @throws ServiceUnavailableError when the program's own check fails: nobody knows whether it will do.
   */
  objection(password: string, owner: PasswordOwner): Promise<string | null>;
}

/** What NIST SP 800-63B §5.1.1.2 asks of a new password, and what the program asks beside it. */
export function createPasswordPolicy({ checkPassword, refuseCommonPasswords }: PasswordPolicyOptions): PasswordPolicy {
  let commonPasswords: Promise<ReadonlySet<string>> | undefined;

  async function isCommon(password: string): Promise<boolean> {
    commonPasswords ??= loadCommonPasswords();
    return (await commonPasswords).has(password.toLowerCase());
  }

  return {
    async objection(password, owner) {
      // By code points: an emoji is a character, whatever it takes to store it.
      const characters = Array.from(password).length;
      if (characters < MIN_PASSWORD_CHARACTERS)
        return `Password should be at least ${MIN_PASSWORD_CHARACTERS} characters`;
      if (utf8(password).length > MAX_PASSWORD_BYTES) return `Password should be at most ${MAX_PASSWORD_BYTES} bytes`;
      if (isAddress(password, owner)) return "Password should not be the e-mail address";
      if (refuseCommonPasswords && (await isCommon(password))) {
        return "Password is one of the most common ones, which are tried first; choose another";
      }
      try {
        return (await checkPassword?.(password, owner)) ?? null;
      } catch (cause) {
        throw new ServiceUnavailableError("`checkPassword` failed.", { cause });
      }
    },
  };
}

/** The whole address, or what stands before its `@`. */
function isAddress(password: string, { email }: PasswordOwner): boolean {
  const typed = password.trim().toLowerCase();
  const address = email?.toLowerCase();
  return address !== undefined && (typed === address || typed === address.slice(0, address.lastIndexOf("@")));
}

/** Thousands of them from a package that is made for judging passwords; part of this one once it is built. */
async function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"]);
}
