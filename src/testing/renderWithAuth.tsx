import { type ComponentType, Fragment, type ReactElement, type ReactNode } from "react";
import { AuthProvider } from "../react/AuthProvider.tsx";
import { createTestAuthClient, type TestAuthClient, type TestAuthClientOptions } from "./createTestAuthClient.ts";

/** Who is signed in, and what renders. */
export interface RenderWithAuthOptions<Page extends object> extends TestAuthClientOptions {
  /** Testing Library's `render`, or any other that takes an element and a `wrapper`. */
  render: (ui: ReactElement, options: { wrapper: ComponentType<{ children: ReactNode }> }) => Page;
  /** What stands around the `AuthProvider`: a `QueryClientProvider`, a router. Default: nothing. */
  wrapper?: ComponentType<{ children: ReactNode }>;
  /** A client of your own. Default: one that is made of the other options. */
  auth?: TestAuthClient;
}

/**
 * Renders `ui` below an `AuthProvider` with a test client; returns what `render` returned, and the client as `auth`. Rerendering
 * keeps both. Put what moves the client into React's `act`, as anything else that changes what is shown.
 *
 * @example
 * const { auth } = renderWithAuth(<Inbox />, { render, identity: { subject: "ada" } });
 * act(() => auth.endSession("expired"));
 */
export function renderWithAuth<Page extends object>(
  ui: ReactElement,
  { render, wrapper: Around = Fragment, auth: given, ...options }: RenderWithAuthOptions<Page>,
): Page & { auth: TestAuthClient } {
  const auth = given ?? createTestAuthClient(options);
  const page = render(ui, {
    wrapper: ({ children }) => (
      <Around>
        <AuthProvider client={auth}>{children}</AuthProvider>
      </Around>
    ),
  });
  return Object.assign(page, { auth });
}
