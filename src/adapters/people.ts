import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";

/** Somebody in whose name requests are made. */
export interface Person {
  readonly subject: string;
  /** Aborts once they have left: signed out, put out by the server, or somebody else came. */
  readonly signal: AbortSignal;
  /** Why what they asked for has ended; undefined while they are here. */
  readonly left: () => AuthError | undefined;
  /** Calls `ending` before the signal aborts, for what the signal does not reach; returns its removal. */
  onLeave(ending: (reason: AuthError) => void): () => void;
  /** Runs `work` once nothing refers to `target` any more; at once where that cannot be known. */
  whenUnreachable(target: object, work: () => void): void;
}

/** Gives everybody by their subject. One listener for all of them: a request costs no more than a look here. */
export function createPeople(auth: AuthClient): (subject: string) => Person {
  const people = new Map<string, Person & { leave(): void }>();
  let isListening = false;
  const registry =
    typeof FinalizationRegistry === "undefined" ? undefined : new FinalizationRegistry<() => void>((work) => work());

  return (subject) => {
    const known = people.get(subject);
    if (known) return known;
    if (!isListening)
      auth.on("identityChanged", ({ identity }) => {
        for (const person of people.values()) {
          if (person.subject === identity?.subject) continue;
          people.delete(person.subject);
          person.leave();
        }
      });
    isListening = true;
    const person = createPerson(subject, registry);
    people.set(subject, person);
    return person;
  };
}

function createPerson(
  subject: string,
  registry: FinalizationRegistry<() => void> | undefined,
): Person & { leave(): void } {
  const controller = new AbortController();
  const { signal } = controller;
  const endings = new Set<(reason: AuthError) => void>();
  let left: AuthError | undefined;
  allowManyListeners(signal);
  return {
    subject,
    signal,
    left: () => left,
    onLeave(ending) {
      endings.add(ending);
      return () => void endings.delete(ending);
    },
    whenUnreachable: (target, work) => (registry ? registry.register(target, work) : work()),
    leave() {
      left = new AuthError("identityChanged");
      for (const ending of endings) ending(left);
      controller.abort(left);
    },
  };
}

/** Node takes more than ten listeners of one signal for a leak, and says so on the console. */
function allowManyListeners(signal: AbortSignal): void {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const events = process?.getBuiltinModule?.("events") as { setMaxListeners(count: number, signal: AbortSignal): void };
  try {
    events?.setMaxListeners(0, signal);
  } catch {
    // The signal of a test environment that imitates a page, which Node does not count.
  }
}
