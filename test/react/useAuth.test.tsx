import { act, render } from "@testing-library/react";
import { type ReactElement, useState } from "react";
import { describe, expect, it, vi } from "vitest";
import type { Auth } from "../../src/react/authStore.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { useAccessToken } from "../../src/react/useAccessToken.ts";
import { useAuth } from "../../src/react/useAuth.ts";
import { useAuthClient } from "../../src/react/useAuthClient.ts";
import { useAuthEvent } from "../../src/react/useAuthEvent.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { renderApp } from "./renderApp.tsx";

const ada = { subject: "ada" };

describe("useAuth", () => {
  // B086 https://github.com/nextauthjs/next-auth/issues/3405
  it("renders none of a thousand consumers when the token is renewed, and useAccessToken only its reader", () => {
    const client = createTestAuthClient({ identity: ada });
    let consumerRenders = 0;
    const tokens: Array<string | null> = [];
    const Consumer = (): ReactElement => {
      useAuth();
      consumerRenders += 1;
      return <i />;
    };
    const TokenReader = (): ReactElement => {
      tokens.push(useAccessToken());
      return <b />;
    };
    renderApp(
      client,
      <>
        {Array.from({ length: 1000 }, (_, index) => (
          <Consumer key={index} />
        ))}
        <TokenReader />
      </>,
    );
    expect(consumerRenders).toBe(1000);
    for (let renewal = 0; renewal < 10; renewal += 1) act(() => client.renewAccessToken());
    expect(consumerRenders).toBe(1000);
    expect(new Set(tokens).size).toBe(11);
    act(() => client.become({ subject: "grace" }));
    expect(consumerRenders).toBe(2000);
  });

  // B150 https://github.com/auth0/auth0-react/pull/318
  it("gives the same object and the same functions while the state is the same, however often a parent renders", () => {
    const client = createTestAuthClient({ identity: ada });
    const seen: Auth[] = [];
    const Child = (): ReactElement => {
      seen.push(useAuth());
      return <i />;
    };
    const page = renderApp(client, <Child />);
    for (let round = 0; round < 50; round += 1) page.rerenderChildren(<Child />);
    expect(seen).toHaveLength(51);
    expect(new Set(seen).size).toBe(1);

    act(() => client.endSession("expired"));
    const [first, last] = [seen[0], seen.at(-1)];
    expect(last?.status).toBe("unauthenticated");
    for (const action of ["signIn", "register", "signInAsGuest", "signOut", "getAccessToken", "refresh"] as const) {
      expect(last?.[action]).toBe(first?.[action]);
    }
  });

  it("renders a selecting component only when its selection changes, also for a selector that makes a new object", () => {
    const client = createTestAuthClient({ identity: ada });
    const seen: unknown[] = [];
    const Child = (): ReactElement => {
      seen.push(useAuth((auth) => ({ status: auth.status, isWaiting: auth.activity.kind === "waiting" })));
      return <i />;
    };
    renderApp(client, <Child />);
    act(() => client.setActivity({ kind: "refreshing", trigger: "call" }));
    act(() => client.renewAccessToken());
    act(() => client.setActivity({ kind: "idle" }));
    expect(seen).toHaveLength(1);
    act(() => client.setActivity({ kind: "waiting", until: 1, error: new Error("offline") }));
    expect(seen.at(-1)).toEqual({ status: "authenticated", isWaiting: true });
    expect(seen).toHaveLength(2);
  });

  it("lets a selector read props of its component", () => {
    const client = createTestAuthClient({ identity: ada });
    let change: (subject: string) => void = () => {};
    const Child = (): ReactElement => {
      const [subject, setSubject] = useState("ada");
      change = setSubject;
      return <p>{String(useAuth((auth) => auth.status === "authenticated" && auth.identity.subject === subject))}</p>;
    };
    const page = renderApp(client, <Child />);
    expect(page.container.textContent).toBe("true");
    act(() => change("grace"));
    expect(page.container.textContent).toBe("false");
  });

  // B130 https://github.com/auth0/auth0-react/issues/343
  it("shows no state between signed out and signed in", async () => {
    const client = createTestAuthClient();
    const seen: string[] = [];
    const Child = (): ReactElement => {
      const auth = useAuth();
      seen.push(auth.status);
      return <i />;
    };
    renderApp(client, <Child />);
    await act(async () => void (await client.signIn({ username: "ada", password: "secret-passphrase" })));
    expect(seen).toEqual(["unauthenticated", "authenticated"]);
  });

  it("does what its functions say", async () => {
    const client = createTestAuthClient();
    let auth: Auth | undefined;
    const Child = (): ReactElement => {
      auth = useAuth();
      return <i />;
    };
    renderApp(client, <Child />);
    await act(async () => void (await auth?.signInAsGuest()));
    expect(auth).toMatchObject({ status: "authenticated", identity: { isGuest: true } });
    await act(async () => void (await auth?.register({ email: "ada@example.org", password: "secret-passphrase" })));
    expect(auth).toMatchObject({ identity: { subject: "ada@example.org", isGuest: false } });
    expect(await auth?.getAccessToken()).toBe(client.accessToken.getState());
    await act(async () => auth?.signOut());
    expect(auth).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });

  it.each([
    ["useAuth()", useAuth],
    ["useAccessToken()", useAccessToken],
    ["useAuthClient()", useAuthClient],
    ["useAuthEvent()", () => useAuthEvent("signedIn", () => {})],
  ])("says what is missing when %s has no provider above", (name, hook) => {
    const Child = (): ReactElement => {
      hook();
      return <i />;
    };
    const silence = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(() => render(<Child />)).toThrow(`${name} was used outside <AuthProvider>`);
    silence.mockRestore();
  });
});

describe("useAuthEvent", () => {
  it("calls the latest listener, and none after unmount", () => {
    const client = createTestAuthClient();
    const heard: string[] = [];
    const Child = ({ name }: { name: string }): ReactElement => {
      useAuthEvent("signedIn", ({ identity }) => heard.push(`${name}: ${identity.subject}`));
      return <i />;
    };
    const page = renderApp(client, <Child name="first" />);
    page.rerenderChildren(<Child name="second" />);
    act(() => client.become(ada));
    page.unmount();
    client.become({ subject: "grace" });
    expect(heard).toEqual(["second: ada"]);
  });
});

describe("AuthProvider", () => {
  // B216 https://github.com/B3Pay/ic-reactor/issues/745
  it("starts the client while it is mounted, balanced over a hundred mounts and StrictMode", () => {
    const client = createTestAuthClient();
    for (let round = 0; round < 100; round += 1) {
      const page = renderApp(client, <i />, { strict: true });
      expect(client.startCount).toBe(1);
      page.unmount();
      expect(client.startCount).toBe(0);
    }
  });

  // N06
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["function", createTestAuthClient],
    ["object", {}],
  ])("says what to do when it is given no client but %s", (given, client) => {
    const silence = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(() => render(<AuthProvider client={client as never}>page</AuthProvider>)).toThrow(
      expect.objectContaining({
        code: "invalidOptions",
        message: expect.stringMatching(
          new RegExp(`was given ${given}: make the client once.* with createAuthClient\\(\\)`),
        ),
      }),
    );
    silence.mockRestore();
  });

  it("moves over to another client", () => {
    const [first, second] = [createTestAuthClient({ identity: ada }), createTestAuthClient()];
    const Child = (): ReactElement => <p>{useAuth().status}</p>;
    const page = render(
      <AuthProvider client={first}>
        <Child />
      </AuthProvider>,
    );
    page.rerender(
      <AuthProvider client={second}>
        <Child />
      </AuthProvider>,
    );
    expect(page.container.textContent).toBe("unauthenticated");
    expect([first.startCount, second.startCount]).toEqual([0, 1]);
  });
});
