import { serve } from "@hono/node-server";
import {
  type AuthServerOptions,
  createAuthServer,
  pbkdf2PasswordHasher,
  postgresStore,
  sqliteStore,
} from "../../../src/server.ts";

/** What a test tells a server process, as JSON in the environment. */
export interface ServerProcessSettings {
  readonly store: { readonly sqlite: string } | { readonly postgres: string };
  readonly port: number;
  readonly options: Pick<AuthServerOptions, "refreshGraceSeconds">;
}

// The program that `startServerProcess` bundles and runs: one server, its audit events on standard output.
const settings = JSON.parse(process.env.SERVER_PROCESS_SETTINGS ?? "") as ServerProcessSettings;
const { store } = settings;
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const auth = createAuthServer({
  store: "sqlite" in store ? sqliteStore({ path: store.sqlite }) : postgresStore({ connectionString: store.postgres }),
  accessTokenSecret: "the secret that all of these server processes share",
  passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
  rateLimits: false,
  onAuditEvent: ({ type }) => void say({ event: type }),
  onError: (error) => void say({ error: String(error), cause: String((error as Error).cause) }),
  ...settings.options,
});
await auth.ready();
serve({ fetch: auth.app.fetch, port: settings.port, hostname: "127.0.0.1" }, ({ port }) => void say({ port }));
