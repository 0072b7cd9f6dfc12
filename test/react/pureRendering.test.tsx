// @vitest-environment node
import type { ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, it, vi } from "vitest";
import { AuthDevtools } from "../../src/devtools.ts";
import * as root from "../../src/index.ts";

// S11 https://github.com/gilbarbara/react-inlinesvg/issues/253
it("asks for nothing random and for no clock while a client is made and a page is rendered", () => {
  const asked: string[] = [];
  const watch = <T extends object>(owner: T, name: keyof T & string): void => {
    const original = owner[name] as (...given: unknown[]) => unknown;
    vi.spyOn(owner, name as never).mockImplementation(((...given: unknown[]) => {
      // React's own questions are React's own affair.
      const { stack = "" } = new Error();
      if (/\/src\//.test(stack))
        asked.push(
          `${name} ${stack
            .split("\n")
            .find((line) => /\/src\//.test(line))
            ?.trim()}`,
        );
      return original.apply(owner, given);
    }) as never);
  };
  watch(Math, "random");
  watch(Date, "now");
  watch(performance, "now");
  watch(crypto, "randomUUID");
  watch(crypto, "getRandomValues");
  const Page = (): ReactElement => {
    const auth = root.useAuth();
    const kind = root.useAuth(({ activity }) => activity.kind);
    root.useAuthEvent("signedIn", () => {});
    return <p>{`${auth.status} ${kind} ${root.useAccessToken()} ${root.useSession().status}`}</p>;
  };
  const html = renderToString(
    <root.AuthProvider client={root.createAuthClient({ baseUrl: "https://app.example/v1/auth" })}>
      <Page />
      <root.RequireAuth when={(_, user) => user.is_superuser}>private</root.RequireAuth>
      <root.Authenticated>in</root.Authenticated>
      <root.Unauthenticated>out</root.Unauthenticated>
      <AuthDevtools />
    </root.AuthProvider>,
  );
  vi.restoreAllMocks();
  expect(html).toContain("loading idle null loading");
  expect(asked).toEqual([]);
});
