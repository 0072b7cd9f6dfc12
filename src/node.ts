/**
 * The client for Node and the command line: one session for all processes of a user, in a private file.
 *
 * @module stay-signed-in/node
 */
export type { AuthClient, AuthEvents, GetAccessTokenOptions, StepUp } from "./core/authClient.ts";
export type { User } from "./core/register.ts";
export { AuthError, type AuthErrorCode, isAuthError } from "./core/authError.ts";
export type { AuthState, Identity } from "./core/authState.ts";
export { createNodeAuthClient, type NodeAuthClient, type NodeAuthClientOptions } from "./node/createNodeAuthClient.ts";
export type { DevicePrompt } from "./node/deviceGrant.ts";
export {
  type ResolveAccessTokenOptions,
  type ResolvedAccessToken,
  resolveAccessToken,
} from "./node/resolveAccessToken.ts";
export { SessionFileError, type SessionFileErrorCode, isSessionFileError } from "./node/sessionFileError.ts";
export { type SignInWithDeviceOptions, signInWithDevice } from "./node/signInWithDevice.ts";
