import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import type { AuthClient } from "../../src/core/authClient.ts";
import { type BindQueryClientOptions, bindQueryClient } from "../../src/query/bindQueryClient.ts";
import { AuthProvider } from "../../src/react/AuthProvider.tsx";

interface RenderOptions extends BindQueryClientOptions {
  queryClient?: QueryClient;
  strict?: boolean;
}

export function renderApp(client: AuthClient, children: ReactNode, options: RenderOptions = {}) {
  const { queryClient = createQuickQueryClient(), strict = false, ...binding } = options;
  bindQueryClient(client, queryClient, binding);
  const app = (content: ReactNode) => {
    const tree = (
      <QueryClientProvider client={queryClient}>
        <AuthProvider client={client}>{content}</AuthProvider>
      </QueryClientProvider>
    );
    return strict ? <StrictMode>{tree}</StrictMode> : tree;
  };
  const result = render(app(children));
  return { ...result, queryClient, rerenderChildren: (content: ReactNode) => result.rerender(app(content)) };
}

/** Repeats failed requests at once; cached entries go away with the test. */
export function createQuickQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retryDelay: 1, gcTime: 60_000 }, mutations: { gcTime: 60_000 } },
  });
}
