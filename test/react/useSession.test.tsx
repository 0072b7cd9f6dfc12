import { act, cleanup, render } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AuthError } from "../../src/core/authError.ts";
import type { User } from "../../src/core/authClient.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import type { Session } from "../../src/react/sessionStore.ts";
import { useAuth } from "../../src/react/useAuth.ts";
import { useSession } from "../../src/react/useSession.ts";
import {
  createTestAuthClient,
  type TestAuthClient,
  type TestAuthClientOptions,
} from "../../src/testing/createTestAuthClient.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** A client whose answers to "who am I" come when the test says so. */
function createSlowClient(options: TestAuthClientOptions = { identity: { subject: "ada" } }) {
  const client = createTestAuthClient(options);
  const answer = client.fetchUser;
  const calls: {
    signal: AbortSignal | undefined;
    succeed: () => Promise<void>;
    fail: (error: Error) => Promise<void>;
  }[] = [];
  client.fetchUser = ({ signal } = {}) => {
    const { promise, resolve, reject } = withResolvers<User>();
    const asked = answer();
    asked.catch(() => {});
    calls.push({
      signal,
      succeed: () => act(async () => resolve(await asked)),
      fail: (error) => act(async () => reject(error)),
    });
    return promise;
  };
  return { client, calls };
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}

function renderWho(client: TestAuthClient, count = 1) {
  const frames: string[] = [];
  const seen: { session?: Session } = {};
  const Who = (): ReactElement => {
    const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
    const session = useSession();
    seen.session = session;
    frames.push(`${subject}/${session.user?.id}`);
    return <p>{session.user?.id ?? session.error?.message ?? session.status}</p>;
  };
  const page = render(
    <AuthProvider client={client}>
      {Array.from({ length: count }, (_, index) => (
        <Who key={index} />
      ))}
    </AuthProvider>,
  );
  const session = (): Session => seen.session ?? expect.fail("nothing was rendered");
  return { ...page, frames, session };
}

const outage = (retryAfterMs?: number) => new AuthError("unavailable", "No answer.", { retryAfterMs });

describe("useSession", () => {
  it("asks once for all components, and tells who is signed in before the answer is there", async () => {
    const { client, calls } = createSlowClient();
    const { session, container } = renderWho(client, 50);
    expect(session()).toMatchObject({ status: "authenticated", identity: { subject: "ada" }, user: null, error: null });
    await calls[0]?.succeed();
    expect(session().user).toMatchObject({ id: "ada", email: "ada@example.org" });
    expect(container.textContent).toBe("ada".repeat(50));
    expect(calls).toHaveLength(1);
  });

  it("asks once for all roots of a page, each with a provider of its own", async () => {
    const { client, calls } = createSlowClient();
    const roots = [renderWho(client), renderWho(client)];
    await calls[0]?.succeed();
    for (const { session } of roots) expect(session().user?.id).toBe("ada");
    roots[0]?.unmount();
    act(() => client.become({ subject: "grace" }));
    await calls[1]?.succeed();
    expect(roots[1]?.session().user?.id).toBe("grace");
    expect(calls).toHaveLength(2);
  });

  it("asks nothing while nobody is signed in or it is not known", async () => {
    const { client, calls } = createSlowClient({ state: { status: "loading" } });
    const { session } = renderWho(client);
    expect(session()).toMatchObject({ status: "loading", identity: null, user: null });
    act(() => client.setState({ status: "unauthenticated", reason: "none", previousIdentity: null }));
    expect(session()).toMatchObject({ status: "unauthenticated", identity: null, user: null });
    await act(() => session().refetch());
    expect(calls).toEqual([]);
  });

  it("never shows one subject what another was told, nor keeps an answer that comes late", async () => {
    const { client, calls } = createSlowClient();
    const { frames, session } = renderWho(client);
    await calls[0]?.succeed();
    await act(async () => void session().refetch());
    act(() => client.become({ subject: "grace" }));
    expect(calls[1]?.signal?.aborted).toBe(true);
    await calls[1]?.succeed();
    expect(session().user).toBeNull();
    await calls[2]?.succeed();
    expect(new Set(frames)).toEqual(new Set(["ada/undefined", "ada/ada", "grace/undefined", "grace/grace"]));
  });

  it.each(["signedOut", "expired", "revoked"] as const)(
    "forgets the answer when the session was %s, also while nothing shows it",
    async (reason) => {
      const { client, calls } = createSlowClient();
      const Page = ({ shows }: { shows: boolean }): ReactElement => (
        <AuthProvider client={client}>{shows && <Who />}</AuthProvider>
      );
      const seen: unknown[] = [];
      const Who = (): ReactElement => {
        seen.push(useSession().user?.id);
        return <i />;
      };
      const page = render(<Page shows />);
      await calls[0]?.succeed();
      page.rerender(<Page shows={false} />);
      act(() => client.setState({ status: "unauthenticated", reason, previousIdentity: null }));
      act(() => client.become({ subject: "ada" }));
      page.rerender(<Page shows />);
      expect(seen).toEqual([undefined, "ada", undefined]);
      expect(calls).toHaveLength(2);
    },
  );

  it("keeps the answer while nothing shows it, and asks nothing at a renewal", async () => {
    const { client, calls } = createSlowClient();
    const { frames, rerender } = renderWho(client);
    await calls[0]?.succeed();
    const before = frames.length;
    act(() => client.renewAccessToken());
    expect(frames).toHaveLength(before);
    rerender(<AuthProvider client={client}>{null}</AuthProvider>);
    const again: unknown[] = [];
    const Again = (): ReactElement => {
      again.push(useSession().user?.id);
      return <i />;
    };
    rerender(
      <AuthProvider client={client}>
        <Again />
      </AuthProvider>,
    );
    expect(again).toEqual(["ada"]);
    expect(calls).toHaveLength(1);
  });

  it("asks anew in another session of the same subject, and goes on showing what it has meanwhile", async () => {
    const { client, calls } = createSlowClient();
    const { session, frames } = renderWho(client);
    await calls[0]?.succeed();
    act(() => client.become({ subject: "ada", sessionId: "another" }));
    expect(calls).toHaveLength(2);
    await calls[1]?.succeed();
    expect(frames.filter((frame) => frame === "ada/undefined")).toHaveLength(1);
    expect(session().identity?.sessionId).toBe("another");
  });

  it("asks again when it is told to, from the moment that it is told", async () => {
    const { client, calls } = createSlowClient();
    const { session } = renderWho(client);
    const first = session().refetch();
    expect(calls[0]?.signal?.aborted).toBe(true);
    await calls[1]?.succeed();
    await first;
    expect(session().user?.id).toBe("ada");
    const { refetch } = session();
    act(() => void refetch());
    await calls[2]?.fail(new AuthError("badResponse", "No user."));
    expect(session()).toMatchObject({ user: { id: "ada" }, error: { code: "badResponse" } });
    expect(session().refetch).toBe(refetch);
  });

  it("makes up for an outage by itself: later each time, or when the server says, or once a token was renewed", async () => {
    vi.useFakeTimers();
    const { client, calls } = createSlowClient();
    const { session } = renderWho(client);
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const asked = calls.length;
      await calls.at(-1)?.fail(outage());
      expect(session().error).toMatchObject({ code: "unavailable" });
      vi.advanceTimersByTime(pauseMs - 1);
      expect(calls).toHaveLength(asked);
      vi.advanceTimersByTime(1);
      expect(calls).toHaveLength(asked + 1);
    }
    await calls.at(-1)?.fail(outage(60_000));
    vi.advanceTimersByTime(59_999);
    expect(calls).toHaveLength(8);
    act(() => client.renewAccessToken());
    expect(calls).toHaveLength(9);
    await calls.at(-1)?.succeed();
    expect(session()).toMatchObject({ user: { id: "ada" }, error: null });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves what another attempt cannot mend, and stops asking when nothing shows it", async () => {
    vi.useFakeTimers();
    const { client, calls } = createSlowClient();
    const { unmount } = renderWho(client);
    await calls[0]?.fail(new AuthError("badResponse", "No user."));
    expect(vi.getTimerCount()).toBe(0);
    unmount();
    const again = renderWho(client);
    await calls[1]?.fail(outage());
    expect(vi.getTimerCount()).toBe(1);
    again.unmount();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says what is missing without a provider", () => {
    const silence = vi.spyOn(console, "error").mockImplementation(() => {});
    const Who = (): ReactElement => <p>{useSession().status}</p>;
    expect(() => render(<Who />)).toThrow("useSession() was used outside <AuthProvider>");
    silence.mockRestore();
  });
});
