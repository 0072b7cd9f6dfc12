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
  GetAccessTokenOptions,
  Readable,
  StepUp,
  User,
} from "./core/authClient.ts";
export { AuthError, type AuthErrorCode, type AuthErrorDetails, isAuthError } from "./core/authError.ts";
export type { Activity, AuthState, Claims, Identity, RefreshTrigger, UnauthenticatedReason } from "./core/authState.ts";
export type { Backend, BackendCall, RefreshOutcome, TokenAnswer } from "./core/backend.ts";
export type { AuthClientOptions } from "./core/createAuthClient.ts";
export { createHttpBackend, type HttpBackendOptions, type HttpBackendPaths } from "./core/createHttpBackend.ts";
export type { Register, RegisteredClaims, RegisteredCredentials, RegisteredUser } from "./core/register.ts";
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
  TokenBackend,
  TokenBackendOptions,
  TokenBackendPlatform,
  TokenFields,
  UserEndpoint,
} from "./core/tokenBackend/tokenBackendOptions.ts";
export type { TokenStore } from "./core/tokenBackend/tokenStore.ts";
