/**
 * The reference server of the protocol: a Hono app that keeps people signed in.
 *
 * @module stay-signed-in/server
 */
export { AccessTokenError, type AccessTokenErrorCode } from "./server/accessTokenError.ts";
export type { AccountNotice, AccountNoticeType, OnAccountNotice } from "./server/accountNotice.ts";
export type { AccessTokenKey } from "./server/accessTokenKeys.ts";
export type { VerifiedAccessToken } from "./server/accessTokens.ts";
export { type Argon2Options, argon2PasswordHasher } from "./server/argon2PasswordHasher.ts";
export type { AuditEvent, AuditEventType } from "./server/auditEvent.ts";
export type { AuthServerOptions, MergeGuest, Secret } from "./server/authServerOptions.ts";
export { authorizeSocketServer, type AuthorizeSocketServerOptions } from "./server/authorizeSocketServer.ts";
export type {
  AuthStore,
  DeviceCode,
  DeviceCodeRecord,
  DeviceCodeStatus,
  EndedSession,
  GuestUpgrade,
  NewDeviceCode,
  NewSession,
  NewSubject,
  Rotation,
  Session,
  SessionEndReason,
  SessionRecord,
  Subject,
  SubjectChanges,
  Transport,
} from "./server/authStore.ts";
export { type AuthServer, createAuthServer } from "./server/createAuthServer.ts";
export { getServerSession, type RemoteAuthServer } from "./server/getServerSession.ts";
export { memoryStore } from "./server/memoryStore.ts";
export { openApiDocument } from "./server/openApiDocument.ts";
export { OptionsError } from "./server/optionsError.ts";
export type { PasswordHasher } from "./server/passwordHasher.ts";
export type { CheckPassword, PasswordOwner } from "./server/passwordPolicy.ts";
export { pbkdf2PasswordHasher } from "./server/pbkdf2PasswordHasher.ts";
export { postgresStore, type PostgresStoreOptions } from "./server/postgresStore.ts";
export type { CountedPoints, RateLimit, RateLimiter, RateLimitName, RateLimitOptions } from "./server/rateLimits.ts";
export type { CookieOptions } from "./server/refreshCookie.ts";
export type { AuthServerEnvironment, HonoEnvironment, InPageTransport } from "./server/requestFacts.ts";
export { requireUser, type RequireUserOptions } from "./server/requireUser.ts";
export type {
  SecondFactorChallenge,
  SecondFactorOptions,
  SecondFactorProof,
  SecondFactorStep,
} from "./server/secondFactor.ts";
export type { ServerSession, VisitorRequest } from "./server/serverSession.ts";
export { ServerSessionError, type ServerSessionErrorCode } from "./server/serverSessionError.ts";
export type { StartSession, StartSessionOptions } from "./server/sessionStarter.ts";
export { sqliteStore, type SqliteStoreOptions } from "./server/sqliteStore.ts";
export { stepUpChallenge, type StepUpRule } from "./server/stepUpChallenge.ts";
export type { AddedSubject, SubjectAdministration } from "./server/subjectAdministration.ts";
