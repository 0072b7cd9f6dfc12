import { createNodeAuthClient } from "../../../src/node.ts";

// Refreshes without a pause until it is killed.
const [baseUrl = "", sessionFile = ""] = process.argv.slice(2);
const auth = createNodeAuthClient({ baseUrl, sessionFile });
auth.start();
await auth.getAccessToken();
process.stdout.write("refreshing\n");
for (;;) await auth.refresh();
