// @vitest-environment node
import type { ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";
import { RequireAuth } from "../../src/react/RequireAuth.tsx";
import { useAccessToken } from "../../src/react/useAccessToken.ts";
import { useAuth } from "../../src/react/useAuth.ts";
import { useSession } from "../../src/react/useSession.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";

function Page(): ReactElement {
  const { status } = useAuth();
  const activity = useAuth((auth) => auth.activity.kind);
  return (
    <p>
      {`${status} ${activity} ${useAccessToken()} ${useSession().status}`}
      <RequireAuth loading=" please wait" fallback=" sign in">
        private
      </RequireAuth>
    </p>
  );
}

describe("on a server", () => {
  // B176 https://github.com/soofstad/react-oauth2-pkce/issues/91
  // B239 https://github.com/nuxt-community/auth-module/issues/231
  it("renders the loading state without a window, whatever the client knows, and starts nothing", () => {
    expect(typeof window).toBe("undefined");
    for (const client of [createTestAuthClient({ identity: { subject: "ada" } }), createTestAuthClient()]) {
      const fetchUser = vi.spyOn(client, "fetchUser");
      const html = renderToString(
        <AuthProvider client={client}>
          <Page />
        </AuthProvider>,
      );
      expect(html.replaceAll("<!-- -->", "")).toBe("<p>loading idle null loading please wait</p>");
      expect(client.startCount).toBe(0);
      expect(fetchUser).not.toHaveBeenCalled();
    }
  });
});
