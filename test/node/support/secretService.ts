import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { isInstalled } from "../../support/isInstalled.ts";
import { runProgram, startProgram } from "./runProgram.ts";

const isCommand = (command: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Whether this machine can run a secret service of its own: Debian's packages `dbus` and `gnome-keyring`. */
export const hasSecretService = isInstalled(
  "A secret service (dbus-daemon and gnome-keyring-daemon)",
  isCommand("dbus-daemon") && isCommand("gnome-keyring-daemon"),
);

/** A secret service with an open keyring, on a bus of its own. */
export interface SecretService {
  /** What a process needs to find it. */
  environment: { DBUS_SESSION_BUS_ADDRESS: string };
  /** Locks the keyring, as a screen saver may. */
  lock(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one. A process finds the first one that it has looked for, ever: libdbus reads the address once. */
export async function startSecretService(): Promise<SecretService> {
  const home = await mkdtemp(join(tmpdir(), "stay-signed-in-keyring-"));
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_RUNTIME_DIR: home };
  const bus = startProgram(
    "dbus-daemon",
    ["--session", "--nofork", `--address=unix:path=${home}/bus`, "--print-address"],
    {
      env,
    },
  );
  await bus.printed("unix:path");
  const environment = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${home}/bus` };
  const onBus = { env: { ...env, ...environment } };
  // Goes into the background once it is ready; it ends with the bus.
  const started = await runProgram("gnome-keyring-daemon", ["--unlock", "--components=secrets"], {
    ...onBus,
    input: "a password",
  });
  if (started.code !== 0) throw new Error(`The keyring did not start: ${started.errors}`);
  return {
    environment,
    async lock() {
      const { code, errors } = await runProgram(
        "dbus-send",
        [
          "--session",
          "--print-reply",
          "--dest=org.freedesktop.secrets",
          "/org/freedesktop/secrets",
          "org.freedesktop.Secret.Service.Lock",
          "array:objpath:/org/freedesktop/secrets/collection/login",
        ],
        onBus,
      );
      if (code !== 0) throw new Error(`The keyring was not locked: ${errors}`);
    },
    async stop() {
      bus.child.kill("SIGTERM");
      await bus.done;
      await rm(home, { recursive: true, force: true });
    },
  };
}
