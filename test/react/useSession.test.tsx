import { keepPreviousData, QueryClient } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import type { ReactElement } from "react";
import { describe, expect, it, vi } from "vitest";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { useSession } from "../../src/react/useSession.ts";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { renderApp } from "./renderApp.tsx";

const frames: string[] = [];

function Who(): ReactElement {
  const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
  const { data, fetchStatus } = useSession();
  frames.push(`${subject}/${data?.id}`);
  return <p>{data?.id ?? fetchStatus}</p>;
}

describe("useSession", () => {
  it.each([
    ["bound to the identity", {}],
    ["left unbound", { queryClients: [] }],
  ])(
    "asks the server who is signed in, and never shows one subject what another was told: cache %s",
    async (_, options) => {
      const client = createTestAuthClient({ identity: { subject: "ada" } });
      frames.length = 0;
      const queryClient = new QueryClient({ defaultOptions: { queries: { placeholderData: keepPreviousData } } });
      const page = renderApp(client, <Who />, { queryClient, ...options });
      await page.findByText("ada");
      act(() => client.become({ subject: "grace" }));
      await page.findByText("grace");
      expect(new Set(frames)).toEqual(new Set(["ada/undefined", "ada/ada", "grace/undefined", "grace/grace"]));
    },
  );

  it("is disabled while nobody is signed in or it is not known", () => {
    const client = createTestAuthClient({ state: { status: "loading" } });
    const fetchUser = vi.spyOn(client, "fetchUser");
    const page = renderApp(client, <Who />);
    expect(page.container.textContent).toBe("idle");
    act(() => client.setState({ status: "unauthenticated", reason: "none", previousIdentity: null }));
    expect(page.container.textContent).toBe("idle");
    expect(fetchUser).not.toHaveBeenCalled();
  });

  it("is asked anew in another session of the same subject, and not at a renewal", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const fetchUser = vi.spyOn(client, "fetchUser");
    const page = renderApp(client, <Who />);
    await page.findByText("ada");
    act(() => client.renewAccessToken());
    expect(fetchUser).toHaveBeenCalledTimes(1);
    act(() => client.become({ subject: "ada", sessionId: "another" }));
    await page.findByText("ada");
    expect(fetchUser).toHaveBeenCalledTimes(2);
  });

  it("says what is missing without a QueryClientProvider", () => {
    const silence = vi.spyOn(console, "error").mockImplementation(() => {});
    const client = createTestAuthClient();
    expect(() =>
      render(
        <AuthProvider client={client}>
          <Who />
        </AuthProvider>,
      ),
    ).toThrow("useSession() was used outside <QueryClientProvider>");
    silence.mockRestore();
  });
});
