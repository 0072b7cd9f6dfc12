import type { TabChannel } from "../core/ports.ts";
import { notAllowed, type PortCondition } from "./portCondition.ts";
import type { SimulatedClock } from "./simulatedClock.ts";
import type { TabGate } from "./tabGate.ts";
import type { Timeline } from "./timeline.ts";

/** What happens to one delivery of a message; all left out: it arrives at once, once. */
export interface DeliveryFate {
  /** It never arrives. Default: false. */
  drop?: boolean;
  /** It arrives so much later, ms. Default: 0. */
  delayMs?: number;
  /** Delivers it a second time, this much later than the first, ms. */
  duplicateAfterMs?: number;
}

/** The channel between the tabs, and what goes wrong on it. */
export interface SimulatedChannel {
  /** How long each delivery takes, ms: fixed, or drawn anew between two, which reorders messages. 0 by default. */
  delayMs: number | readonly [number, number];
  /** The share of deliveries that get lost, 0 to 1. */
  dropRate: number;
  /** The share of deliveries that arrive twice, 0 to 1. */
  duplicateRate: number;
  /** What a page in the back/forward cache makes of a message: browsers differ. Default: it is lost. */
  whileSuspended: "lost" | "kept";
  /** Decides single deliveries, before the rates do; returns null to leave one to them. */
  decide: ((message: unknown, from: number | null, to: number) => DeliveryFate | null) | null;
  /** Posts as a stranger would: another app on the origin, an extension, an old version. To all tabs, or to one. */
  inject(name: string, message: unknown, to?: number): void;
  /** How many channels `tab` has open. */
  openCount(tab: number): number;
}

export interface ChannelMember {
  readonly number: number;
  readonly gate: TabGate;
  isSuspended(): boolean;
  channelCondition: PortCondition;
}

interface Endpoint {
  readonly name: string;
  readonly member: ChannelMember;
  readonly onMessage: (message: unknown) => void;
}

export function createSimulatedChannel(world: { clock: SimulatedClock; timeline: Timeline; random: () => number }) {
  const { clock, timeline, random } = world;
  const endpoints = new Set<Endpoint>();

  const channel: SimulatedChannel = {
    delayMs: 0,
    dropRate: 0,
    duplicateRate: 0,
    whileSuspended: "lost",
    decide: null,
    inject(name, message, to) {
      timeline.add(null, `a stranger posts ${describe(message)}`);
      for (const endpoint of endpoints) {
        if (endpoint.name === name && (to === undefined || endpoint.member.number === to)) arrive(endpoint, message);
      }
    },
    openCount: (tab) => [...endpoints].filter(({ member }) => member.number === tab).length,
  };

  function delay(): number {
    const { delayMs } = channel;
    return typeof delayMs === "number" ? delayMs : Math.round(delayMs[0] + random() * (delayMs[1] - delayMs[0]));
  }

  function arrive(endpoint: Endpoint, message: unknown): void {
    const { member, onMessage } = endpoint;
    if (!endpoints.has(endpoint)) return;
    if (member.isSuspended() && channel.whileSuspended === "lost") {
      timeline.add(member.number, `misses ${describe(message)}`);
      return;
    }
    const copy: unknown = structuredClone(message);
    member.gate.deliver(() => {
      // Closed between arrival and its turn: a closed channel hands over nothing more.
      if (!endpoints.has(endpoint)) return;
      timeline.add(member.number, `hears ${describe(message)}`);
      onMessage(copy);
    });
  }

  function send(endpoint: Endpoint, message: unknown, from: number): void {
    const fate = channel.decide?.(message, from, endpoint.member.number) ?? {
      drop: random() < channel.dropRate,
      delayMs: delay(),
      ...(random() < channel.duplicateRate ? { duplicateAfterMs: delay() } : {}),
    };
    if (fate.drop) {
      timeline.add(endpoint.member.number, `never gets ${describe(message)}`);
      return;
    }
    after(fate.delayMs ?? 0, () => arrive(endpoint, message));
    if (fate.duplicateAfterMs !== undefined) {
      after((fate.delayMs ?? 0) + fate.duplicateAfterMs, () => arrive(endpoint, message));
    }
  }

  function after(delayMs: number, task: () => void): void {
    if (delayMs > 0) clock.setTimer(task, delayMs);
    else task();
  }

  function open(member: ChannelMember, name: string, onMessage: (message: unknown) => void): TabChannel {
    if (member.channelCondition !== "works") throw notAllowed("BroadcastChannel");
    const endpoint: Endpoint = { name, member, onMessage };
    if (!member.gate.isDead()) endpoints.add(endpoint);
    return {
      post(message) {
        if (member.channelCondition !== "works") throw notAllowed("postMessage");
        if (!endpoints.has(endpoint)) {
          if (member.gate.isDead()) return;
          throw new DOMException("The channel is closed.", "InvalidStateError");
        }
        const copy: unknown = structuredClone(message);
        timeline.add(member.number, `posts ${describe(message)}`);
        for (const other of endpoints) {
          if (other.name === name && other !== endpoint) send(other, copy, member.number);
        }
      },
      close() {
        endpoints.delete(endpoint);
      },
    };
  }

  return {
    channel,
    open,
    closeAll(member: ChannelMember) {
      for (const endpoint of endpoints) if (endpoint.member === member) endpoints.delete(endpoint);
    },
  };
}

/** The kind of a message for the timeline; never its content, which may hold a token. */
function describe(message: unknown): string {
  if (typeof message !== "object" || message === null) return `a ${typeof message}`;
  const kind: unknown = Reflect.get(message, "kind") ?? Reflect.get(message, "type");
  return typeof kind === "string" ? `"${kind}"` : "a message";
}
