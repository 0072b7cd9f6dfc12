import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import type { AuthClient } from "../src/core/authClient.ts";
import { AuthProvider } from "../src/react/AuthProvider.tsx";

/** What stands around the app of one tab: a client, and a query client as every tab has its own. */
export function Tab({ auth, children }: { auth: AuthClient; children: ReactNode }): ReactElement {
  const [queryClient] = useState(() => new QueryClient());
  return (
    <QueryClientProvider client={queryClient}>
      <AuthProvider client={auth}>{children}</AuthProvider>
    </QueryClientProvider>
  );
}
