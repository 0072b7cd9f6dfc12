/**
 * `stay-signed-in/native`: the client of apps that are no website: React Native, Capacitor, Tauri, Electron, web extensions.
 *
 * @module stay-signed-in/native
 */
export type { AppStateSource } from "./native/appStateSignals.ts";
export { createNativeAuthClient, type NativeAuthClientOptions } from "./native/createNativeAuthClient.ts";
export type { SecureStorage } from "./native/sessionVault.ts";
