import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import type { AuthClient } from "../src/core/authClient.ts";
import { bindQueryClient } from "../src/query/bindQueryClient.ts";
import { AuthProvider } from "../src/react/AuthProvider.tsx";

/** What stands around the app of one tab: a client, and a query client as every tab has its own. */
export function Tab({ auth, children }: { auth: AuthClient; children: ReactNode }): ReactElement {
  const [queryClient] = useState(() => {
    const made = new QueryClient();
    bindQueryClient(auth, made);
    return made;
  });
  return (
    <QueryClientProvider client={queryClient}>
      <AuthProvider client={auth}>{children}</AuthProvider>
    </QueryClientProvider>
  );
}
