import { useSuspenseQuery } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { type ReactElement, Suspense } from "react";
import { describe, expect, it } from "vitest";
import { RequireAuth } from "../../src/react/RequireAuth.tsx";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { renderApp } from "../react/renderApp.tsx";

function renderSuspending(client: TestAuthClient) {
  const frames: string[] = [];
  const Waiting = (): ReactElement => {
    frames.push("waiting");
    return <p>waiting</p>;
  };
  const Data = (): ReactElement => {
    const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : "nobody"));
    const { data } = useSuspenseQuery({
      queryKey: ["me"],
      queryFn: async () => {
        const state = client.getState();
        return `${state.status === "authenticated" ? state.identity.subject : "nobody"}'s data`;
      },
      staleTime: Number.POSITIVE_INFINITY,
    });
    frames.push(`${subject} sees ${data}`);
    return <p>{data}</p>;
  };
  const page = renderApp(
    client,
    <RequireAuth fallback={<p>Please sign in</p>}>
      <Suspense fallback={<Waiting />}>
        <Data />
      </Suspense>
    </RequireAuth>,
  );
  return { ...page, frames };
}

describe("under Suspense", () => {
  // B218 https://github.com/RedHatInsights/insights-chrome/pull/2945
  it("a page waits at its start and never again for a renewed token, nor for a new session of the same subject", async () => {
    const client = createTestAuthClient({ state: { status: "loading" } });
    const { frames, findByText } = renderSuspending(client);
    act(() => client.become({ subject: "ada" }));
    await findByText("ada's data");
    const before = [...frames];
    expect(before).toContain("waiting");
    await act(async () => client.renewAccessToken());
    expect(frames).toEqual(before);
    await act(async () => client.become({ subject: "ada", sessionId: "another" }));
    expect(frames.slice(before.length)).not.toContain("waiting");
  });

  it("no frame shows one subject's data under another", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const { frames, findByText } = renderSuspending(client);
    await findByText("ada's data");
    act(() => client.become({ subject: "grace" }));
    await findByText("grace's data");
    expect(frames.filter((frame) => frame.startsWith("grace sees ada"))).toEqual([]);
    expect(frames.at(-1)).toBe("grace sees grace's data");
  });
});
