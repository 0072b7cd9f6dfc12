import fc from "fast-check";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { overlap } from "../../src/testing/requestRecord.ts";
import type { SimulatedTab } from "../../src/testing/simulatedTab.ts";
import { ADA, BOB, openWorld } from "./support.ts";

/** One thing that happens to a browser with tabs. `tab` is taken modulo the number of open ones. */
export type Step =
  | {
      readonly do: "open" | "close" | "crash" | "freeze" | "thaw" | "suspend" | "restore" | "hide" | "show";
      readonly tab: number;
    }
  | {
      readonly do: "goOffline" | "goOnline" | "request" | "signInAda" | "signInBob" | "guest" | "signOut" | "refresh";
      readonly tab: number;
    }
  | { readonly do: "wait" | "sleep" | "jump"; readonly ms: number }
  | {
      readonly do: "fault";
      readonly kind:
        | "delayBefore"
        | "delayAfter"
        | "cutBefore"
        | "cutAfter"
        | "cutBody"
        | "503"
        | "429"
        | "html"
        | "empty";
      readonly times: number;
    };

export interface World {
  readonly lock?: "missing" | "throws";
  readonly channel?: "missing" | "throws";
  readonly storage?: "missing" | "throws";
  readonly isNumberless?: boolean;
}

const tab = fc.nat({ max: 5 });
const on = <T extends string>(...names: T[]) => fc.record({ do: fc.constantFrom(...names), tab });
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
      arbitrary: fc.record({
        do: fc.constantFrom("sleep" as const, "jump" as const),
        ms: fc.constantFrom(-3_600_000, 5_000, 3_600_000, 20_000_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("fault" as const),
        kind: fc.constantFrom(
          "delayBefore" as const,
          "delayAfter" as const,
          "cutBefore" as const,
          "cutAfter" as const,
          "cutBody" as const,
          "503" as const,
          "429" as const,
          "html" as const,
          "empty" as const,
        ),
        times: fc.constantFrom(1, 2, 6),
      }),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

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

interface Open {
  readonly tab: SimulatedTab;
  readonly client: AuthClient;
}

/** Runs a program and says what it broke, each as a sentence; none is what is wanted. */
export async function runProgram(
  program: readonly Step[],
  seed: number,
  conditions: World = {},
  tabCount = 2,
): Promise<{ broken: string[]; timeline: string; refreshes: number; faults: number }> {
  const broken: string[] = [];
  const { isNumberless = false, ...ports } = conditions;
  const opened = await openWorld(0, { isNumberless, world: { seed, ...ports } });
  const { world, audit } = opened;
  const running: Open[] = [];
  const started: { readonly at: SimulatedTab; readonly work: Promise<unknown> }[] = [];
  let faults = 0;
  /** Whether the last thing that somebody did was to sign out, with no sign-in of another tab under way. */
  let isSignedOut = false;
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
    isSignedOut = false;
    const entry = { at };
    entering.add(entry);
    begin(at, work);
    const leave = (): void => {
      entering.delete(entry);
    };
    work.then(leave, leave);
  };
  const open = (): void => {
    if (running.length >= 6) return;
    const at = world.open();
    const client = opened.open(at);
    client.on("sessionEnded", ({ reason }) =>
      broken.push(`tab ${at.number}: the session ended as ${reason} without an answer that says so`),
    );
    client.subscribe(() => {
      const state = client.getState();
      if (state.status !== "authenticated") return;
      const token = client.accessToken.getState();
      if (token !== null && subjectOf(token) !== state.identity.subject)
        broken.push(`tab ${at.number}: shows one subject and holds another's token`);
    });
    running.push({ tab: at, client });
  };
  for (let index = 0; index < tabCount; index += 1) open();
  world.channel.delayMs = [0, 40];
  world.network.latencyMs = [1, 120];

  for (const step of program) {
    if ("tab" in step && running.length > 0) {
      const { tab: at, client } = running[step.tab % running.length] as Open;
      // Nobody clicks in a page that is frozen or not shown.
      if (at.status() !== "running" && isDoneByHand(step.do)) continue;
      switch (step.do) {
        case "open":
          open();
          break;
        case "close":
        case "crash":
          at[step.do]();
          client.dispose();
          running.splice(step.tab % running.length, 1);
          break;
        case "request": {
          const state = client.getState();
          const before = world.network.requests.length;
          const subject = state.status === "authenticated" ? state.identity.subject : null;
          const fetch = authorizeFetch(client, { fetch: at.platform.fetch });
          begin(at, fetch(`https://app.example/v1/auth/users/me?as=${subject ?? "nobody"}&from=${before}`));
          break;
        }
        case "signInAda":
          enter(at, client.signIn(ADA));
          break;
        case "signInBob":
          enter(at, client.signIn(BOB));
          break;
        case "guest":
          enter(at, client.signInAsGuest());
          break;
        case "signOut":
          isSignedOut = [...entering].every((entry) => entry.at === at);
          begin(at, client.signOut());
          break;
        case "refresh":
          begin(at, client.refresh());
          break;
        case "restore":
          if (at.status() === "evicted") {
            client.dispose();
            running.splice(step.tab % running.length, 1);
          } else if (at.status() === "suspended") at.restore();
          break;
        case "thaw":
          if (at.status() === "frozen") at.thaw();
          break;
        case "freeze":
        case "suspend":
          if (at.status() === "running") at[step.do]();
          break;
        default:
          if (at.status() === "running") at[step.do]();
      }
    } else if (step.do === "wait") await world.advance(step.ms);
    else if (step.do === "sleep") {
      await world.clock.sleep(Math.abs(step.ms));
      for (const { tab: at } of running) at.signal("resumed");
    } else if (step.do === "jump") {
      // A clock set back by just what the machine slept hides from both clocks that a token has ended; a 401 tells.
      if (step.ms > 0 || !program.some(({ do: name }) => name === "sleep")) world.clock.jumpWall(step.ms);
    } else if (step.do === "fault") {
      faults += 1;
      world.network.addFault({ ...FAULTS[step.kind], times: step.times });
    }
    await world.settle();
  }

  world.network.clearFaults();
  world.channel.delayMs = 0;
  for (const { tab: at } of [...running]) {
    if (at.status() === "frozen") at.thaw();
    if (at.status() === "suspended") at.restore();
    if (at.status() === "running") {
      at.goOnline();
      at.show();
    }
  }
  await world.advance(70_000);
  for (const { tab: at } of running) if (at.status() === "running") at.signal("visible");
  await world.advance(400_000);

  const living = running.filter(({ tab: at }) => at.status() === "running");
  const said = living.map(({ client }) => describe(client));
  if (new Set(said).size > 1) broken.push(`the tabs do not agree: ${said.join(" | ")}`);
  // A sign-in whose tab is gone, or whose answer slept, may still come to pass after the sign-out.
  const isTold =
    Object.keys(conditions).length === 0 &&
    program.every(({ do: name }) => name !== "sleep" && name !== "crash" && name !== "close");
  if (isTold && isSignedOut && said.some((line) => line.startsWith("authenticated"))) {
    broken.push("somebody who signed out last is signed in");
  }
  for (const line of said) if (line === "loading") broken.push("a tab is left loading");
  // What a tab that is gone waited for has nobody left to tell.
  const awaited = started.filter(({ at }) => at.status() === "running");
  let pending = awaited.length;
  for (const { work } of awaited) {
    void work.then(() => {
      pending -= 1;
    });
  }
  await world.advance(60_000);
  if (pending > 0) broken.push(`${pending} promises never settled`);
  for (const event of audit)
    if (/reuse/i.test((event as unknown as { type: string }).type)) broken.push("a reuse alarm for honest tabs");
  for (const request of world.log()) {
    const as = /as=([^&]+)/.exec(request.path)?.[1];
    if (as !== undefined && as !== "nobody" && request.subject !== null && request.subject !== as)
      broken.push(`a request of ${as} was sent as ${request.subject}`);
  }
  const refreshes = world.refreshes();
  // A sign-out in a tab that knows of no session names none, so it ends whatever the cookie stands for. Where tabs tell each
  // other less, that may be a session which another tab began just before: the user's own sign-out, and no accident.
  const signsOutUnnamed = program.some(({ do: name }) => name === "signOut") && Object.keys(conditions).length > 0;
  if (signsOutUnnamed) {
    broken.splice(
      0,
      broken.length,
      ...broken.filter((line) => !line.includes("the session ended as") && !line.includes("do not agree")),
    );
  }
  // Without numbers a tab stamps its own on a session that it finds, so one that was overtaken and ended elsewhere looks newer here:
  // best effort, as the rules say.
  const actCount = program.filter(({ do: name }) =>
    ["signInAda", "signInBob", "guest", "signOut"].includes(name),
  ).length;
  if (isNumberless && actCount > 1) {
    broken.splice(
      0,
      broken.length,
      ...broken.filter((line) => !/the session ended as|do not agree|signed out last/.test(line)),
    );
  }
  // Without locks, an answer that is delivered after hours of sleep puts an old cookie over a newer one of the same session.
  // No client can see that; with locks nobody asks again before it is there.
  if (conditions.lock === "missing" && program.some(({ do: name }) => name === "sleep")) {
    broken.splice(
      0,
      broken.length,
      ...broken.filter((line) => !/the session ended as|reuse alarm|do not agree/.test(line)),
    );
  }
  const isSlow = program.some((step) => step.do === "fault" && step.kind.startsWith("delay"));
  if (conditions.lock === undefined && !isSlow) {
    // A frozen or crashed holder gives the lock up only in time; those are the cases in which two may overlap.
    const unfrozen = program.every(
      ({ do: name }) =>
        name !== "freeze" &&
        name !== "suspend" &&
        name !== "crash" &&
        name !== "close" &&
        name !== "signOut" &&
        name !== "signInAda" &&
        name !== "signInBob" &&
        name !== "guest",
    );
    if (
      unfrozen &&
      refreshes.some(
        (one, index) => refreshes[index + 1] !== undefined && overlap(one, refreshes[index + 1] as typeof one),
      )
    )
      broken.push("two refreshes overlapped");
  }
  const minutes = new Map<string, number>();
  for (const { sent, tab: number } of refreshes) {
    const minute = `${number}:${Math.floor(sent.atMs / 60_000)}`;
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  for (const [minute, count] of minutes)
    if (count > 12) broken.push(`${count} refreshes by one tab in minute ${minute}`);
  const timeline = world.timeline.toString();
  const result = { broken: [...new Set(broken)], timeline, refreshes: refreshes.length, faults };
  for (const { client } of running) client.dispose();
  try {
    await opened[Symbol.asyncDispose]();
  } catch (error) {
    result.broken.push(String(error));
  }
  return result;
}

const isDoneByHand = (name: Step["do"]): boolean =>
  ["request", "signInAda", "signInBob", "guest", "signOut", "refresh"].includes(name);

function describe(client: AuthClient): string {
  const state = client.getState();
  if (state.status === "authenticated") return `${state.status} ${state.identity.subject}`;
  return state.status;
}

function subjectOf(token: string): string {
  return (JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as { sub: string })
    .sub;
}
