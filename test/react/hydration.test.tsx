import { act } from "@testing-library/react";
import type { ReactElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { RequireAuth } from "../../src/react/RequireAuth.tsx";
import { useAuth } from "../../src/react/useAuth.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

describe("hydration", () => {
  // B177 https://github.com/better-auth/better-auth/issues/10972
  it("starts from the server's markup though the client is signed in already, then shows the state", async () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const seen: string[] = [];
    const Page = (): ReactElement => {
      const auth = useAuth();
      seen.push(auth.status);
      return (
        <RequireAuth loading="wait" fallback="sign in">
          {auth.status}
        </RequireAuth>
      );
    };
    const app = (
      <AuthProvider client={client}>
        <Page />
      </AuthProvider>
    );
    const container = document.createElement("div");
    container.innerHTML = renderToString(app);
    expect(container.textContent).toBe("wait");
    seen.length = 0;
    const errors: unknown[] = [];
    const root = await act(async () =>
      hydrateRoot(container, app, { onRecoverableError: (error) => errors.push(error) }),
    );
    expect(errors).toEqual([]);
    expect(seen[0]).toBe("loading");
    expect(container.textContent).toBe("authenticated");
    act(() => root.unmount());
  });
});
