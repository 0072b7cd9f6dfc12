import { act, fireEvent } from "@testing-library/react";
import { type ReactElement, useState } from "react";
import { describe, expect, it, vi } from "vitest";
import type { AuthState, Identity } from "../../src/core/authState.ts";
import { Authenticated } from "../../src/react/Authenticated.tsx";
import { RequireAuth, type RequireAuthProps } from "../../src/react/RequireAuth.tsx";
import { Unauthenticated } from "../../src/react/Unauthenticated.tsx";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { renderApp } from "./renderApp.tsx";

const ada: Identity = { subject: "ada", isGuest: false, sessionId: "1", claims: null };
const guest: Identity = { subject: "someone", isGuest: true, sessionId: "2", claims: null };
const out = (
  reason: "none" | "signedOut" | "expired" | "revoked",
  previousIdentity: Identity | null = null,
): AuthState => ({
  status: "unauthenticated",
  reason,
  previousIdentity,
});

function Guarded(props: Partial<RequireAuthProps>): ReactElement {
  return (
    <>
      <RequireAuth fallback="fallback" loading="loading" {...props}>
        private
      </RequireAuth>
      <Authenticated> in</Authenticated>
      <Unauthenticated> out</Unauthenticated>
    </>
  );
}

describe("the guards", () => {
  it.each<[string, AuthState, string, string]>([
    ["loading", { status: "loading" }, "loading", "loading"],
    ["a user", { status: "authenticated", identity: ada }, "private in", "private in"],
    ["a guest", { status: "authenticated", identity: guest }, "fallback in", "private in"],
    ["nobody", out("none"), "fallback out", "fallback out"],
    ["signed out", out("signedOut", ada), "fallback out", "fallback out"],
    ["expired", out("expired", ada), "fallback out", "fallback out"],
    ["revoked", out("revoked", ada), "fallback out", "fallback out"],
  ])("show the right thing: %s", (_, state, users, guests) => {
    const client = createTestAuthClient({ state });
    expect(renderApp(client, <Guarded />).container.textContent).toBe(users);
    expect(renderApp(client, <Guarded allowGuests />).container.textContent).toBe(guests);
  });

  it("show nothing while loading unless told otherwise, never the fallback", () => {
    const client = createTestAuthClient({ state: { status: "loading" } });
    const page = renderApp(client, <RequireAuth fallback="fallback">private</RequireAuth>);
    expect(page.container.textContent).toBe("");
  });

  it("tell a fallback function why", () => {
    const client = createTestAuthClient({ identity: ada });
    const page = renderApp(
      client,
      <RequireAuth fallback={(auth) => auth.status === "unauthenticated" && auth.reason}>private</RequireAuth>,
    );
    act(() => client.endSession("revoked"));
    expect(page.container.textContent).toBe("revoked");
  });

  it("mount their children anew for another subject, so that nothing typed by one is shown to the next", () => {
    const client = createTestAuthClient({ identity: ada });
    const page = renderApp(
      client,
      <RequireAuth>
        <Draft />
      </RequireAuth>,
    );
    fireEvent.change(page.getByLabelText("draft"), { target: { value: "Ada's secret" } });
    act(() => client.become({ ...ada, sessionId: "another session" }));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "Ada's secret");
    act(() => client.become({ subject: "grace" }));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "");
  });

  it("can keep an expired session's children mounted out of sight, for the same subject only", () => {
    const client = createTestAuthClient({ identity: ada });
    const page = renderApp(
      client,
      <RequireAuth whenExpired="hide" fallback="sign in">
        <Draft />
      </RequireAuth>,
    );
    fireEvent.change(page.getByLabelText("draft"), { target: { value: "half a sentence" } });
    act(() => client.endSession("expired"));
    expect(page.getByLabelText("draft").parentElement?.style.display).toBe("none");
    expect(page.container.textContent).toBe("sign in");
    act(() => client.become(ada));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "half a sentence");
    expect(page.getByLabelText("draft").parentElement?.style.display).toBe("contents");

    act(() => client.endSession("expired"));
    act(() => client.become({ subject: "grace" }));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "");
  });

  it.each(["revoked", "signedOut"] as const)("keep nothing mounted when the session was %s", (reason) => {
    const client = createTestAuthClient({ identity: ada });
    const page = renderApp(
      client,
      <RequireAuth whenExpired="hide">
        <Draft />
      </RequireAuth>,
    );
    act(() => client.setState(out(reason, ada)));
    expect(page.queryByLabelText("draft")).toBeNull();
  });
});

describe("RequireAuth with when", () => {
  const admin = (permission: Partial<RequireAuthProps>): ReactElement => (
    <RequireAuth fallback="sign in" loading="loading" forbidden="forbidden" {...permission}>
      <Draft />
    </RequireAuth>
  );
  const shown = (container: HTMLElement): string =>
    container.querySelector("input") ? "children" : container.innerText;

  it("asks nothing of the server for a rule about the identity, and asks it anew when that changes", () => {
    const client = createTestAuthClient({ identity: { ...ada, claims: { roles: ["reader"] } } });
    const fetchUser = vi.spyOn(client, "fetchUser");
    const when = ({ claims }: Identity): boolean => String(claims?.["roles"]).includes("editor");
    const { container } = renderApp(client, admin({ when }));
    expect(shown(container)).toBe("forbidden");
    act(() => client.become({ ...ada, claims: { roles: ["reader", "editor"] } }));
    expect(shown(container)).toBe("children");
    act(() => client.endSession("revoked"));
    expect(shown(container)).toBe("sign in");
    expect(fetchUser).not.toHaveBeenCalled();
  });

  it.each([
    [true, "children"],
    [false, "forbidden"],
  ])(
    "waits for the server's word for a rule about the user: is_superuser %s shows %s",
    async (isSuperuser, outcome) => {
      const client = createTestAuthClient({ identity: ada, user: { is_superuser: isSuperuser } });
      const { container } = renderApp(client, admin({ when: (_, user) => user.is_superuser }));
      expect(shown(container)).toBe("loading");
      await act(async () => {});
      expect(shown(container)).toBe(outcome);
    },
  );

  it("shows the fallback, and not that it is forbidden, to guests and to nobody", () => {
    const client = createTestAuthClient({ identity: guest });
    const { container } = renderApp(client, admin({ when: () => false }));
    expect(shown(container)).toBe("sign in");
    act(() => client.endSession("expired"));
    expect(shown(container)).toBe("sign in");
  });

  it("keeps what was typed over an expiry, and over the wait for the next answer, for the same subject only", async () => {
    const client = createTestAuthClient({ identity: ada, user: { is_superuser: true } });
    const page = renderApp(client, admin({ when: (_, user) => user.is_superuser, whenExpired: "hide" }));
    fireEvent.change(await page.findByLabelText("draft"), { target: { value: "half a sentence" } });
    act(() => client.endSession("expired"));
    act(() => client.become({ ...ada, sessionId: "9" }));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "half a sentence");
    await act(async () => {});
    expect(page.getByLabelText("draft")).toHaveProperty("value", "half a sentence");
    await act(async () => client.become({ subject: "grace" }));
    expect(page.getByLabelText("draft")).toHaveProperty("value", "");
  });
});

function Draft(): ReactElement {
  const [text, setText] = useState("");
  return <input aria-label="draft" value={text} onChange={(event) => setText(event.target.value)} />;
}
