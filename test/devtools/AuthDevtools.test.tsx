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
    expect(outcomes).toEqual(["taken over", "refreshed"]);
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
  it("render nothing in production, unless they are asked for by name", () => {
    vi.stubEnv("NODE_ENV", "production");
    const panel = (props: AuthDevtoolsProps) =>
      render(
        <AuthProvider client={createTestAuthClient()}>
          <AuthDevtools {...props} />
        </AuthProvider>,
      ).container;
    expect(panel({}).innerHTML).toBe("");
    expect(panel({ initiallyOpen: true, placement: "inline" }).innerHTML).toBe("");
    expect(panel({ showInProduction: true }).textContent).toContain("Session devtools");
  });

  // N10
  it("mark their styles with the nonce that the page's policy asks for", () => {
    const page = render(
      <AuthProvider client={createTestAuthClient()}>
        <AuthDevtools nonce="r4nd0m" />
      </AuthProvider>,
    );
    expect([...page.container.querySelectorAll("style")].map((style) => style.getAttribute("nonce"))).toEqual([
      "r4nd0m",
    ]);
    expect(page.container.querySelectorAll("[style]")).toHaveLength(0);
  });

  it("opens from its button and says so", () => {
    const page = render(
      <AuthProvider client={createTestAuthClient()}>
        <AuthDevtools />
      </AuthProvider>,
    );
    const toggle = page.getByRole("button", { name: "Session devtools" });
    expect(toggle.getAttribute("aria-expanded")).toBe("false");
    fireEvent.click(toggle);
    expect(page.getByRole("region", { name: "Session devtools" })).toBeTruthy();
  });
});
