/** A place where an API may have one of its endpoints, behind the address that was given. */
export interface SignInPlace {
  readonly path: string;
  /** Names of the fields for the person and the password. */
  readonly fields: readonly [string, string];
  readonly isForm?: boolean;
}

const NAMES = ["email", "username", "identifier", "identity"] as const;

/** Where people put their sign-in, the well-known spellings first. */
export const SIGN_IN_PATHS: readonly string[] = [
  "login",
  "login/",
  "auth/login",
  "auth/login/",
  "auth/local",
  "auth-with-password",
  "sign-in",
  "signin",
  "auth/signin",
  "auth/sign-in",
  "jwt/login",
  "jwt/create/",
  "token",
  "token/",
  "",
  "session",
  "sessions",
  "api/login",
  "api/auth/login",
  "api/auth/local",
  "api/auth/signin",
  "api/token/",
  "api/collections/users/auth-with-password",
  "users/login",
  "authenticate",
];

export const REFRESH_PATHS: readonly string[] = [
  "refresh",
  "refresh/",
  "token/refresh",
  "token/refresh/",
  "refresh-token",
  "refresh_token",
  "refreshToken",
  "refreshtoken",
  "auth-refresh",
  "jwt/refresh",
  "token",
];

export const USER_PATHS: readonly string[] = [
  "me",
  "me/",
  "users/me",
  "users/me/",
  "user",
  "user/",
  "auth/me",
  "profile",
  "whoami",
  "account",
  "manage/info",
];

export const SIGN_OUT_PATHS: readonly string[] = [
  "logout",
  "logout/",
  "blacklist/",
  "sign-out",
  "signout",
  "revoke",
  "jwt/logout",
];

/** The names that a validation error asks for come first: fewer attempts with a real password. */
export function orderNames(validationError: unknown): readonly string[] {
  const said = JSON.stringify(validationError ?? "").toLowerCase();
  return [...NAMES].sort((one, other) => Number(said.includes(other)) - Number(said.includes(one)));
}

/** Addresses beside `signIn`, and behind each of its folders, up to the address that was given. */
export function besides(base: string, signIn: string, paths: readonly string[]): string[] {
  const folders = [""];
  for (const part of signIn.split("/").slice(0, -1)) folders.unshift(`${folders[0]}${part}/`);
  // What stands at the address itself may have its other endpoints below it.
  if (!signIn.includes("/") && signIn !== "") folders.unshift(`${signIn}/`);
  return [...new Set(folders.flatMap((folder) => paths.map((path) => folder + path)))].map((path) => join(base, path));
}

export const join = (base: string, path: string): string => `${base.replace(/\/+$/, "")}/${path}`;
