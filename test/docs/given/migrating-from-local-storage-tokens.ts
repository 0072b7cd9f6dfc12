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

// What the document's old code has of axios-auth-refresh, whose declarations nobody finds who imports it, and of the other two.
export declare function createAuthRefreshInterceptor(
  instance: AxiosInstance,
  refresh: (failed: unknown) => Promise<unknown>,
): void;
export { applyAuthTokenInterceptor } from "axios-jwt";
export { default as createRefresh } from "react-auth-kit/createRefresh";
export { default as createStore } from "react-auth-kit/createStore";
