import { act, cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AuthError } from "../../src/core/authError.ts";
import { AuthDevtools, type AuthDevtoolsProps } from "../../src/devtools/AuthDevtools.tsx";
import { maskToken } from "../../src/devtools/maskToken.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { createTestAuthClient, type TestAuthClientOptions } from "../../src/testing/createTestAuthClient.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
afterEach(() => {
  cleanup();
  vi.unstubAllEnvs();
});

function renderPanel(options: TestAuthClientOptions) {
  const client = createTestAuthClient(options);
  const page = render(
    <AuthProvider client={client}>
      <AuthDevtools placement="inline" />
    </AuthProvider>,
  );
  return { client, page, text: () => page.container.querySelector(".stay-panel")?.textContent ?? "" };
}

describe("the devtools panel", () => {
  it("shows status, subject, session and activity, and follows them", () => {
    const { client, text } = renderPanel({ identity: { subject: "ada", sessionId: "s-1" } });
    expect(text()).toContain("authenticated");
    expect(text()).toContain("ada");
    expect(text()).toContain("s-1");
    act(() =>
      client.setActivity({ kind: "waiting", until: Date.now(), error: new AuthError("unavailable", "No answer.") }),
    );
    expect(text()).toContain("next attempt in 0 s after unavailable");
    act(() => client.endSession("expired"));
    expect(text()).toContain("out: expired");
    expect(text()).toContain("Formerly");
  });

  it("shows how and when somebody signed in, and when the session ends", () => {
    const claims = { amr: ["pwd", "otp"], auth_time: 1_893_456_000 };
    const { client, text } = renderPanel({ identity: { subject: "ada", sessionId: "s-1", claims } });
    expect(text()).toContain(`pwd, otp on ${new Date(1_893_456_000_000).toLocaleString()}`);
    expect(text()).not.toContain("unless it is renewed");
    act(() => client.setSessionEndsAt(1_893_999_000_000));
    expect(text()).toContain(`${new Date(1_893_999_000_000).toLocaleString()}, unless it is renewed`);
    act(() => client.endSession("expired"));
    expect(text()).not.toContain("unless it is renewed");
  });

  it("never shows the token but for its last four characters", () => {
    const { client, page } = renderPanel({ identity: { subject: "ada" } });
    act(() => client.renewAccessToken());
    const token = client.accessToken.getState() ?? "";
    expect(page.container.innerHTML).not.toContain(token);
    expect(page.container.innerHTML).toContain(maskToken(token));
    expect(maskToken("header.payload.signature-abcd")).toBe("••••abcd");
  });

  it("lists events and refreshes, newest first: done here, taken over from another tab, failed", () => {
    const { client, page } = renderPanel({ identity: { subject: "ada" } });
    act(() => client.setActivity({ kind: "refreshing", trigger: "call" }));
    act(() => client.renewAccessToken());
    act(() => client.setActivity({ kind: "idle" }));
    act(() => client.renewAccessToken());
    const outcomes = [...page.container.querySelectorAll("[data-outcome]")].map((badge) => badge.textContent);
    expect(outcomes).toEqual(["adopted", "refreshed"]);
    act(() => client.internals.emit("stepUpRequired", { maxAgeSeconds: 300, acrValues: ["mfa"] }));
    expect(page.container.textContent).toContain("stepUpRequired");
    expect(page.container.textContent).toContain("max_age 300 s, mfa");
    act(() => client.become({ subject: "grace" }));
    expect(page.container.textContent).toContain("ada → grace");
    fireEvent.click(page.getByRole("button", { name: "Clear the history" }));
    expect(page.container.textContent).not.toContain("ada → grace");
  });

  it("refreshes, has the token replaced that counts as expired, and signs out", async () => {
    const { client, page } = renderPanel({ identity: { subject: "ada" } });
    const tokens = new Set<string | null>();
    const press = async (name: string): Promise<void> => {
      await act(async () => void fireEvent.click(page.getByRole("button", { name })));
      tokens.add(client.accessToken.getState());
    };
    await press("Refresh now");
    await press("Expire token");
    await press("Sign out here");
    expect(tokens.size).toBe(3);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(page.getByRole("button", { name: "Refresh now" })).toBeDisabled();
  });

  // N10
  it("render nothing in production, unless they are asked for by name, and then copy no token", () => {
    vi.stubEnv("NODE_ENV", "production");
    const show = (props: AuthDevtoolsProps) => {
      const client = createTestAuthClient({ identity: { subject: "ada" } });
      act(() => client.renewAccessToken());
      const page = render(
        <AuthProvider client={client}>
          <AuthDevtools {...props} />
        </AuthProvider>,
      );
      const text = page.baseElement.textContent;
      const buttons = page
        .queryAllByRole("button")
        .map((button) => button.getAttribute("aria-label") ?? button.textContent);
      page.unmount();
      return { text, buttons };
    };
    expect(show({})).toEqual({ text: "", buttons: [] });
    expect(show({ initiallyOpen: true, placement: "inline" })).toEqual({ text: "", buttons: [] });
    expect(show({ showInProduction: true }).buttons).toEqual(["Session devtools"]);
    const shown = show({ showInProduction: true, placement: "inline" });
    expect(shown.text).toContain("••••");
    expect(shown.buttons).not.toContain("Copy token");
    vi.unstubAllEnvs();
    expect(show({ placement: "inline" }).buttons).toContain("Copy token");
  });

  // N10
  it("mark their styles with the nonce that the page's policy asks for, and write none into attributes", () => {
    const page = render(
      <AuthProvider client={createTestAuthClient()}>
        <AuthDevtools nonce="r4nd0m" placement="inline" />
      </AuthProvider>,
    );
    expect([...page.container.querySelectorAll("style")].map((style) => style.getAttribute("nonce"))).toEqual([
      "r4nd0m",
    ]);
    expect(page.container.querySelectorAll("[style]")).toHaveLength(0);
  });

  it("opens from its button, remembers that for the next load, and closes by Escape", () => {
    localStorage.clear();
    const client = createTestAuthClient();
    const show = () =>
      render(
        <AuthProvider client={client}>
          <AuthDevtools />
        </AuthProvider>,
      );
    const first = show();
    fireEvent.click(first.getByRole("button", { name: "Session devtools" }));
    expect(first.getByRole("region", { name: "Session devtools" })).toBeVisible();
    expect(first.getByRole("tab", { name: "Session" })).toHaveFocus();
    fireEvent.keyDown(first.getByRole("tab", { name: "Session" }), { key: "ArrowRight" });
    expect(first.getByRole("tabpanel", { name: "Timeline" })).toBeVisible();
    first.unmount();
    const second = show();
    expect(second.getByRole("tabpanel", { name: "Timeline" })).toBeVisible();
    expect(document.body).toHaveFocus();
    fireEvent.keyDown(second.getByRole("tab", { name: "Timeline" }), { key: "Escape" });
    expect(second.getByRole("button", { name: "Session devtools" })).toHaveFocus();
    second.unmount();
    const third = show();
    expect(third.queryByRole("region", { name: "Session devtools" })).toBeNull();
    localStorage.clear();
  });

  it("stands in the corner that it is told, and goes by arrow keys to another, for good", () => {
    localStorage.clear();
    const client = createTestAuthClient();
    const show = () =>
      render(
        <AuthProvider client={client}>
          <AuthDevtools position="top-left" />
        </AuthProvider>,
      );
    const corner = (page: ReturnType<typeof show>) =>
      page.getByRole("button", { name: "Session devtools" }).closest("[data-corner]")?.getAttribute("data-corner");
    const first = show();
    expect(corner(first)).toBe("top-left");
    fireEvent.keyDown(first.getByRole("button", { name: "Session devtools" }), { key: "ArrowDown" });
    expect(corner(first)).toBe("bottom-left");
    first.unmount();
    expect(corner(show())).toBe("bottom-left");
    localStorage.clear();
  });
});
