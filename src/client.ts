/**
 * `stay-signed-in/client`: the client without React.
 *
 * @module stay-signed-in/client
 */
export { createAuthClient } from "./browser/createAuthClient.ts";
export { createTokenBackend } from "./browser/createTokenBackend.ts";
export type {
  AuthClient,
  AuthEventName,
  AuthEvents,
  ClientInternals,
  Extension,
  GetAccessTokenOptions,
  Readable,
  StepUp,
} from "./core/authClient.ts";
export { AuthError, type AuthErrorCode, type AuthErrorDetails, isAuthError } from "./core/authError.ts";
export { isSignInChallenge, type SignInChallenge, type SignInResult } from "./core/signInChallenge.ts";
export type { Activity, AuthState, Identity, RefreshTrigger, UnauthenticatedReason } from "./core/authState.ts";
export type { Backend, BackendCall, RefreshOutcome, TokenAnswer } from "./core/backend.ts";
export type { AuthClientOptions } from "./core/createAuthClient.ts";
export { createHttpBackend, type HttpBackendOptions, type HttpBackendPaths } from "./core/createHttpBackend.ts";
export type {
  ChallengeBody,
  Claims,
  Register,
  RegisteredChallenge,
  RegisteredClaims,
  RegisteredCredentials,
  RegisteredUser,
  User,
} from "./core/register.ts";
export type { SessionName } from "./core/session.ts";
export type {
  Clock,
  OpenTabChannel,
  Platform,
  SharedStorage,
  Signal,
  Signals,
  TabChannel,
  TabLock,
} from "./core/ports.ts";
export type {
  AnswerBody,
  EndpointCall,
  Expiry,
  SessionFields,
  StatusChoice,
  TokenBackend,
  TokenBackendOptions,
  TokenBackendPlatform,
  TokenFields,
  UserEndpoint,
} from "./core/tokenBackend/tokenBackendOptions.ts";
export type { TokenStore } from "./core/tokenBackend/tokenStore.ts";
