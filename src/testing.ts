/**
 * A simulated browser for tests: tabs on one in-memory hub, time that moves by hand, a server app as the other end. Needs no
 * test runner.
 *
 * @module stay-signed-in/testing
 */
export { appFetch, type AppFetchOptions } from "./testing/appFetch.ts";
export { type CookieJar, createCookieJar, type StoredCookie } from "./testing/cookieJar.ts";
export {
  createTestAuthClient,
  type TestAuthClient,
  type TestAuthClientOptions,
} from "./testing/createTestAuthClient.ts";
export { createTabs, type SimulatedTabs, type TabsOptions } from "./testing/createTabs.ts";
export type { FaultHandle, FaultTarget, NetworkFault } from "./testing/networkFault.ts";
export { overlap, type RequestRecord } from "./testing/requestRecord.ts";
export type { PortCondition } from "./testing/portCondition.ts";
export { createSeededRandom } from "./testing/seededRandom.ts";
export type { DeliveryFate, SimulatedChannel } from "./testing/simulatedChannel.ts";
export { createSimulatedClock, type SimulatedClock, type TabClock } from "./testing/simulatedClock.ts";
export type { SimulatedLock } from "./testing/simulatedLock.ts";
export type { SimulatedNetwork } from "./testing/simulatedNetwork.ts";
export type { SimulatedStorage, StorageCondition } from "./testing/simulatedStorage.ts";
export type { SimulatedTab, TabConditions, TabStatus } from "./testing/simulatedTab.ts";
export type { Timeline, TimelineEntry } from "./testing/timeline.ts";
export type { AppEnvironment, ServerApp } from "./testing/wire.ts";
