import fc from "fast-check";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { parseSession } from "../../src/core/record.ts";
import type { SimulatedTab } from "../../src/testing/simulatedTab.ts";
import { answerCryptoAtOnce } from "../support/answerCryptoAtOnce.ts";
import { findBroken } from "./invariants.ts";
import { ADA, BOB, openWorld } from "./support.ts";
import { LOCK } from "./watchedTabs.ts";

/** One thing that happens to a browser with tabs. `tab` is taken modulo the number of open ones. */
export type Step =
  | {
      readonly do:
        | "open"
        | "close"
        | "crash"
        | "freeze"
        | "thaw"
        | "suspend"
        | "restore"
        | "hide"
        | "show"
        | "goOffline"
        | "goOnline"
        | "request"
        | "signInAda"
        | "signInBob"
        | "guest"
        | "signOut"
        | "refresh"
        | "throttle";
      readonly tab: number;
    }
  | { readonly do: "wait" | "sleep" | "jump"; readonly ms: number }
  | { readonly do: "orphan" | "free" }
  | { readonly do: "forge"; readonly message: keyof typeof FORGERIES }
  | { readonly do: "plant"; readonly record: keyof typeof STRAY_RECORDS }
  | { readonly do: "fault"; readonly kind: keyof typeof FAULTS; readonly times: number };

/** What the browser and the server are like, for as long as a program runs. */
export interface Conditions {
  readonly lock?: "missing" | "throws";
  readonly channel?: "missing" | "throws";
  readonly storage?: "missing" | "throws";
  readonly isNumberless?: boolean;
  readonly accessTokenLifetimeSeconds?: number;
  /** Each session bound to the browser's key, and the server's limits on. */
  readonly isGuarded?: boolean;
}

const FAULTS = {
  delayBefore: { delayBeforeMs: 4_000 },
  delayAfter: { delayAfterMs: 4_000 },
  cutBefore: { cut: "before" },
  cutAfter: { cut: "after" },
  cutBody: { cut: "body" },
  "503": { answer: { status: 503, body: "busy" } },
  "429": { answer: { status: 429, headers: { "Retry-After": "7" }, body: "{}" } },
  html: { answer: { status: 200, body: "<html>Sign in to Wi-Fi</html>", headers: { "Content-Type": "text/html" } } },
  empty: { answer: { status: 200, body: "{}" } },
} as const;

const encode = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll("=", "");
const FAR_AHEAD = { number: 9e15, id: "forged", end: "open", pendingSignOut: false, isGuest: false } as const;
const MALLORY = `${encode({ alg: "none" })}.${encode({ sub: "mallory", sid: "forged", exp: 9e9, iat: 1 })}.`;

/** What strays over the channel. A sign-out of the session at hand is not among it: one that is heard is obeyed. */
const FORGERIES = {
  aToken: {
    version: 1,
    kind: "told",
    ...FAR_AHEAD,
    token: MALLORY,
    subject: "mallory",
    sentAt: 0,
    count: 1,
    lifetimeMs: 9e8,
  },
  aLaterSession: { version: 1, kind: "told", ...FAR_AHEAD },
  aLaterEnd: { version: 1, kind: "told", ...FAR_AHEAD, end: "revoked" },
  aLaterSignOut: { version: 1, kind: "told", ...FAR_AHEAD, end: "signedOut", pendingSignOut: true },
  aNearerSession: { version: 1, kind: "told", ...FAR_AHEAD, number: 8e15, id: "nearer" },
  anotherVersion: { version: 99, kind: "told", session: { number: 1 } },
  aQuestion: { version: 1, kind: "asked" },
  nonsense: [null, { version: 1 }],
} as const;

const STRAY = { number: 8.5e15, id: "stray", end: "open", pendingSignOut: false, isGuest: false } as const;

/** What another app, another version or an earlier visit may have left in the storage. */
const STRAY_RECORDS = {
  aLaterSession: STRAY,
  aLaterGuest: { ...STRAY, isGuest: true },
  aLaterEnd: { ...STRAY, end: "expired" },
  aLaterSignOut: { ...STRAY, end: "signedOut" },
  aLaterPendingSignOut: { ...STRAY, end: "signedOut", pendingSignOut: true },
  anotherFormat: { version: 7, session: STRAY },
} as const;

const keysOf = <K extends string>(of: Readonly<Record<K, unknown>>): K[] => Object.keys(of) as K[];
const tab = fc.nat({ max: 5 });
const on = <T extends Extract<Step, { tab: number }>["do"]>(...names: T[]) =>
  fc.record({ do: fc.constantFrom(...names), tab });

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: on(
        "open",
        "close",
        "crash",
        "freeze",
        "thaw",
        "suspend",
        "restore",
        "hide",
        "show",
        "throttle",
        "goOffline",
        "goOnline",
      ),
    },
    { weight: 4, arbitrary: on("request", "signInAda", "signInBob", "guest", "signOut", "refresh") },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(0, 10, 150, 400, 3_000, 20_000, 400_000, 1_200_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.record({
          do: fc.constantFrom("sleep" as const, "jump" as const),
          ms: fc.constantFrom(-3_600_000, 5_000, 3_600_000, 20_000_000),
        }),
        fc.record({ do: fc.constantFrom("orphan" as const, "free" as const) }),
        fc.record({ do: fc.constant("forge" as const), message: fc.constantFrom(...keysOf(FORGERIES)) }),
        fc.record({ do: fc.constant("plant" as const), record: fc.constantFrom(...keysOf(STRAY_RECORDS)) }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("fault" as const),
        kind: fc.constantFrom(...keysOf(FAULTS)),
        times: fc.constantFrom(1, 2, 6),
      }),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

/** A program and what it starts from. */
export interface Setting {
  readonly program: readonly Step[];
  /** Decides all that is drawn by chance while it runs. */
  readonly seed: number;
  readonly tabCount: number;
  /** Whether Ada is signed in when it begins. */
  readonly isSignedIn: boolean;
}

export const settings: fc.Arbitrary<Setting> = fc.record({
  program: steps,
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  tabCount: fc.integer({ min: 1, max: 4 }),
  isSignedIn: fc.boolean(),
});

const MOST_TABS = 6;

/** Runs a program and says what it broke, each as a sentence; none is what is wanted. */
export async function runProgram(
  { program, seed, tabCount, isSignedIn }: Setting,
  conditions: Conditions = {},
): Promise<{ broken: string[]; timeline: string; refreshes: number }> {
  using _ = answerCryptoAtOnce();
  const { isNumberless = false, accessTokenLifetimeSeconds = 900, isGuarded = false, ...ports } = conditions;
  const opened = await openWorld(0, {
    isNumberless,
    isBound: isGuarded,
    server: {
      accessTokenLifetimeSeconds,
      ...(isGuarded && { sessionBinding: "required" as const, rateLimits: {} }),
    },
    world: { seed, ...ports },
  });
  const { world, audit } = opened;
  const running: { readonly tab: SimulatedTab; readonly client: AuthClient }[] = [];
  const started: { readonly at: SimulatedTab; readonly work: Promise<unknown> }[] = [];
  const ended: string[] = [];
  const mixed: string[] = [];
  const returned: string[] = [];
  const strangers: string[] = [];
  /** Whether the last thing that somebody did was to sign out, with no sign-in of another tab under way. */
  let isSignedOutLast = false;
  let isSignedOutUnknowing = false;
  /** What somebody signed out of, and what a tab that sleeps had before that: there these may end in another way. */
  const signedOut = new Set<string | null>();
  /** When the machine fell asleep, as the timeline counts. */
  const sleptAt: number[] = [];
  const entering = new Set<{ readonly at: SimulatedTab }>();

  const begin = (at: SimulatedTab, work: Promise<unknown>): void => {
    started.push({
      at,
      work: work.then(
        () => {},
        () => {},
      ),
    });
  };
  const enter = (at: SimulatedTab, work: Promise<unknown>): void => {
    isSignedOutLast = false;
    const entry = { at };
    entering.add(entry);
    begin(at, work);
    const leave = (): void => void entering.delete(entry);
    work.then(leave, leave);
  };
  const open = (): void => {
    if (running.length >= MOST_TABS) return;
    const at = world.open();
    const client = opened.open(at);
    const over = new Set<string>();
    let last: string | null = null;
    client.on("sessionEnded", ({ reason, previousIdentity }) => {
      if (previousIdentity === null || signedOut.has(previousIdentity.sessionId)) return;
      ended.push(`tab ${at.number}: ${reason}`);
    });
    client.subscribe(() => {
      const state = client.getState();
      const sessionId = state.status === "authenticated" ? state.identity.sessionId : null;
      if (state.status === "unauthenticated" && last !== null) over.add(last);
      if (sessionId !== null && over.has(sessionId)) returned.push(`tab ${at.number}`);
      last = sessionId;
      if (state.status !== "authenticated") return;
      if (state.identity.subject === "mallory") strangers.push(`tab ${at.number}`);
      const token = client.accessToken.getState();
      if (token !== null && subjectOf(token) !== state.identity.subject) mixed.push(`tab ${at.number}`);
    });
    running.push({ tab: at, client });
  };
  for (let index = 0; index < tabCount; index += 1) open();
  if (isSignedIn) await world.until((running[0] as (typeof running)[number]).client.signIn(ADA));
  world.channel.delayMs = [0, 40];
  world.network.latencyMs = [1, 120];

  function act(step: Extract<Step, { tab: number }>): void {
    const index = step.tab % running.length;
    const { tab: at, client } = running[index] as (typeof running)[number];
    const forget = (): void => {
      client.dispose();
      running.splice(index, 1);
    };
    // Nobody clicks in a page that is frozen or not shown.
    if (at.status() !== "running" && BY_HAND.includes(step.do)) return;
    switch (step.do) {
      case "open":
        return open();
      case "close":
      case "crash":
        at[step.do]();
        return forget();
      case "request": {
        const state = client.getState();
        const subject = state.status === "authenticated" ? state.identity.subject : null;
        const fetch = authorizeFetch(client, { fetch: at.platform.fetch });
        return begin(at, fetch(`https://app.example/v1/auth/users/me?as=${subject ?? "nobody"}`));
      }
      case "signInAda":
        return enter(at, client.signIn(ADA));
      case "signInBob":
        return enter(at, client.signIn(BOB));
      case "guest":
        return enter(at, client.signInAsGuest());
      case "signOut":
        for (const each of running) {
          if (each.client === client || each.tab.status() !== "running") signedOut.add(sessionOf(each.client));
        }
        isSignedOutUnknowing ||= client.getState().status !== "authenticated";
        isSignedOutLast = [...entering].every((entry) => entry.at === at);
        return begin(at, client.signOut());
      case "refresh":
        return begin(at, client.refresh());
      case "restore":
        if (at.status() === "evicted") forget();
        else if (at.status() === "suspended") at.restore();
        return;
      case "thaw":
        if (at.status() === "frozen") at.thaw();
        return;
      case "throttle":
        if (at.status() === "running") at.hide({ throttle: "minute" });
        return;
      default:
        if (at.status() === "running") at[step.do]();
    }
  }

  for (const step of program) {
    if ("tab" in step) {
      if (running.length > 0) act(step);
    } else if (step.do === "wait") await world.advance(step.ms);
    else if (step.do === "sleep") {
      sleptAt.push(world.timeline.add(null, "the machine falls asleep").atMs);
      await world.clock.sleep(Math.abs(step.ms));
      for (const { tab: at } of running) at.signal("resumed");
    } else if (step.do === "jump") {
      // A clock set back by just what the machine slept hides from both clocks that a token has ended; a 401 tells.
      if (step.ms > 0 || !program.some(({ do: name }) => name === "sleep")) world.clock.jumpWall(step.ms);
    } else if (step.do === "orphan") world.lock.orphan(LOCK);
    else if (step.do === "free") world.lock.free(LOCK);
    else if (step.do === "forge") world.channel.inject(NAMESPACE, FORGERIES[step.message]);
    else if (step.do === "plant") {
      world.storage.plant(`${NAMESPACE}:session`, JSON.stringify(STRAY_RECORDS[step.record]));
    } else if (step.do === "fault") world.network.addFault({ ...FAULTS[step.kind], times: step.times });
    await world.settle();
  }

  // The faults stop; an orphaned lock does not, since no page can end one.
  world.network.clearFaults();
  world.channel.delayMs = 0;
  for (const { tab: at } of running) {
    if (at.status() === "frozen") at.thaw();
    if (at.status() === "suspended") at.restore();
    if (at.status() !== "running") continue;
    at.goOnline();
    at.show();
  }
  await world.advance(70_000);
  for (const { tab: at } of running) if (at.status() === "running") at.signal("visible");
  await world.advance(400_000);

  const living = running.filter(({ tab: at }) => at.status() === "running").map(({ client }) => client);
  // What a tab that is gone waited for has nobody left to tell.
  const awaited = started.filter(({ at }) => at.status() === "running");
  let pendingCount = awaited.length;
  for (const { work } of awaited) void work.then(() => (pendingCount -= 1));
  await world.advance(60_000);

  const sessionIds = new Set(living.map(sessionOf));
  const refreshes = world.refreshes();
  const evidence = {
    program,
    conditions,
    shown: living.map(describe),
    sessionId: sessionIds.size === 1 ? ([...sessionIds][0] ?? null) : null,
    ended,
    mixed,
    returned,
    strangers,
    alarms: audit.filter((event) => /reuse/i.test(JSON.stringify(event))).length,
    pendingCount,
    isSignedOutLast,
    isSignedOutUnknowing,
    sleptAt,
    isLockGivenUp: world.timeline.entries().some(({ what }) => what.startsWith("gives up waiting")),
    requests: world.log(),
    refreshes,
    note: parseSession(JSON.parse(world.storage.contents()[`${NAMESPACE}:session`] ?? "null") as never),
  };
  const timeline = world.timeline.toString();
  const leftovers: string[] = [];
  for (const { client } of running) client.dispose();
  try {
    await opened[Symbol.asyncDispose]();
  } catch (error) {
    leftovers.push(String(error));
  }
  return { broken: findBroken({ ...evidence, leftovers }), timeline, refreshes: refreshes.length };
}

const NAMESPACE = LOCK.slice(0, -":refresh".length);
const BY_HAND: readonly Step["do"][] = ["request", "signInAda", "signInBob", "guest", "signOut", "refresh"];

function sessionOf(client: AuthClient): string | null {
  const state = client.getState();
  return state.status === "authenticated" ? state.identity.sessionId : null;
}

function describe(client: AuthClient): string {
  const state = client.getState();
  if (state.status === "authenticated") return `${state.status} ${state.identity.subject}`;
  return state.status;
}

function subjectOf(token: string): string {
  return (JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as { sub: string })
    .sub;
}
