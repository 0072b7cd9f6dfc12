import type { AuthClient } from "stay-signed-in/client";
import type { OAuthBackendOptions } from "../../interop/backends/oauthBackend.ts";

export { createAuthorizationRequest, readCode } from "../../interop/backends/authorizationRequest.ts";
export { codeCredentials, createOAuthBackend } from "../../interop/backends/oauthBackend.ts";

export declare const auth: AuthClient;
export declare const authorizationEndpoint: string;
export declare const clientId: string;
export declare const redirectUri: string;
export declare const endpoints: OAuthBackendOptions["endpoints"];
export declare const refreshToken: OAuthBackendOptions["refreshToken"];
