/**
 * `stay-signed-in`: the React parts, and the client that they need.
 *
 * @module stay-signed-in
 */
"use client";
export { createAuthClient } from "./browser/createAuthClient.ts";
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
export type { AuthClientOptions } from "./core/createAuthClient.ts";
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
export { isSignInChallenge, type SignInChallenge, type SignInResult } from "./core/signInChallenge.ts";
export type { Activity, AuthState, Identity, RefreshTrigger, UnauthenticatedReason } from "./core/authState.ts";
export { Authenticated } from "./react/Authenticated.tsx";
export { AuthProvider, type AuthProviderProps } from "./react/AuthProvider.tsx";
export type { Auth, AuthActions } from "./react/authStore.ts";
export type { AuthView } from "./react/authView.ts";
export { RequireAuth, type RequireAuthProps } from "./react/RequireAuth.tsx";
export type { Session } from "./react/sessionStore.ts";
export { Unauthenticated } from "./react/Unauthenticated.tsx";
export { useAccessToken } from "./react/useAccessToken.ts";
export { useAuth } from "./react/useAuth.ts";
export { useAuthClient } from "./react/useAuthClient.ts";
export { useAuthEvent } from "./react/useAuthEvent.ts";
export { useSession } from "./react/useSession.ts";
