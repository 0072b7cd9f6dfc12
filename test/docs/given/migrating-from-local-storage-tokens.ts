import type { QueryClient } from "@tanstack/react-query";
import type { AxiosInstance } from "axios";
import type { ComponentType } from "react";
import type { AuthClient } from "stay-signed-in/client";

export { QueryClientProvider, useQuery } from "@tanstack/react-query";
export { default as axios } from "axios";
export { createRoot } from "react-dom/client";
export { io } from "socket.io-client";
export { moveOldToken } from "../../../examples/fastapi-users/web/moveOldToken.ts";

export declare const App: ComponentType;
export declare const root: HTMLElement;
export declare const auth: AuthClient;
export declare const api: AxiosInstance;
export declare const queryClient: QueryClient;
export declare function acquireToken(): Promise<string>;
export declare function isExpired(token: string): boolean;
export declare function savedCredentials(): Record<string, string>;

// What the document's old code has of zustand.
export interface SessionState {
  readonly token: string | null;
  readonly user: unknown;
  readonly isAuthenticated: boolean;
  login(credentials: Record<string, string>): Promise<void>;
  logout(): void;
}
type StateCreator<State> = (set: (change: Partial<State>) => void) => State;
export declare function create<State>(creator: StateCreator<State>): () => State;
export declare function persist<State>(creator: StateCreator<State>, options: { name: string }): StateCreator<State>;
export declare function login(credentials: Record<string, string>): Promise<{ token: string; user: unknown }>;
export declare const useDraftStore: { getState(): { reset(): void } };

// What the document's old code has of axios-auth-refresh, axios-jwt and react-auth-kit.
export declare function createAuthRefreshInterceptor(
  instance: AxiosInstance,
  refresh: (failed: { response: { config: { headers: Record<string, string> } } }) => Promise<void>,
): void;
export declare function applyAuthTokenInterceptor(
  instance: AxiosInstance,
  options: { requestRefresh(refreshToken: string): Promise<{ accessToken: string; refreshToken: string }> },
): void;
interface RefreshResult {
  readonly isSuccess: boolean;
  readonly newAuthToken: string;
  readonly newAuthTokenExpireIn: number;
}
type CreatedRefresh = { readonly interval: number };
export declare function createRefresh(options: {
  interval: number;
  refreshApiCallback(held: { refreshToken: string }): Promise<RefreshResult>;
}): CreatedRefresh;
export declare function createStore(options: { authName: string; authType: string; refresh: CreatedRefresh }): object;
