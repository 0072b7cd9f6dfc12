import { keepPreviousData, QueryClient, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { type ReactElement, Suspense } from "react";
import { describe, expect, it, vi } from "vitest";
import { bindQueryClient } from "../../src/query/bindQueryClient.ts";
import { sessionQueryOptions } from "../../src/query/sessionQueryOptions.ts";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { renderApp } from "../react/renderApp.tsx";

function renderWho(client: TestAuthClient) {
  const frames: string[] = [];
  const Who = (): ReactElement => {
    const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
    const { data, fetchStatus } = useQuery(sessionQueryOptions(client));
    frames.push(`${subject}/${data?.id}`);
    return <p>{data?.id ?? fetchStatus}</p>;
  };
  const queryClient = new QueryClient({ defaultOptions: { queries: { placeholderData: keepPreviousData } } });
  return { ...renderApp(client, <Who />, { queryClient }), frames };
}

describe("sessionQueryOptions", () => {
  it("asks the server who is signed in, and never shows one subject what another was told", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const page = renderWho(client);
    await page.findByText("ada");
    act(() => client.become({ subject: "grace" }));
    await page.findByText("grace");
    expect(new Set(page.frames)).toEqual(new Set(["ada/undefined", "ada/ada", "grace/undefined", "grace/grace"]));
  });

  it("is disabled while nobody is signed in, and starts with the sign-in", async () => {
    const client = createTestAuthClient({ state: { status: "loading" } });
    const fetchUser = vi.spyOn(client, "fetchUser");
    const page = renderWho(client);
    expect(page.container.textContent).toBe("idle");
    act(() => client.setState({ status: "unauthenticated", reason: "none", previousIdentity: null }));
    expect(page.container.textContent).toBe("idle");
    expect(fetchUser).not.toHaveBeenCalled();
    act(() => client.become({ subject: "ada" }));
    await page.findByText("ada");
  });

  it("gives a loader and the components below it one answer", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const fetchUser = vi.spyOn(client, "fetchUser");
    const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000 } } });
    bindQueryClient(client, queryClient);
    expect(await queryClient.ensureQueryData(sessionQueryOptions(client))).toMatchObject({ id: "ada" });
    const Who = (): ReactElement => <p>{useSuspenseQuery(sessionQueryOptions(client)).data.id}</p>;
    const page = renderApp(
      client,
      <Suspense>
        <Who />
      </Suspense>,
      { queryClient },
    );
    expect(page.container.textContent).toBe("ada");
    expect(fetchUser).toHaveBeenCalledTimes(1);
  });

  it("rejects in a loader when nobody is signed in, at once", async () => {
    const client = createTestAuthClient();
    const queryClient = new QueryClient();
    bindQueryClient(client, queryClient);
    await expect(queryClient.ensureQueryData(sessionQueryOptions(client))).rejects.toMatchObject({
      code: "sessionEnded",
    });
  });

  it("refuses a cache that nobody empties for the next person, and says what to write", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const queryClient = new QueryClient();
    await expect(queryClient.fetchQuery(sessionQueryOptions(client))).rejects.toMatchObject({
      code: "invalidOptions",
      message: expect.stringContaining("bindQueryClient(auth, queryClient)"),
    });
    expect(queryClient.getQueryData(sessionQueryOptions(client).queryKey)).toBeUndefined();
  });
});
