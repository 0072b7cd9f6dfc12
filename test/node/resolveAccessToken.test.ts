import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createNodeAuthClient, resolveAccessToken } from "../../src/node.ts";
import { account, startAuthServer } from "./support/authServer.ts";
import { makeSessionFolder } from "./support/sessionFolder.ts";

const credentials = { username: account.email, password: account.password };

async function makeWorld() {
  const running = await startAuthServer();
  const folder = await makeSessionFolder();
  const shared = { baseUrl: running.address, sessionFile: folder.path, env: {} };
  const signIn = async (): Promise<void> => {
    const auth = createNodeAuthClient(shared);
    await auth.signIn(credentials);
    auth.dispose();
  };
  return { ...running, ...folder, shared, signIn };
}

describe("the access token of a script", () => {
  it("is the one that is given, before everything else and without a server", async () => {
    const env = { STAY_SIGNED_IN_TOKEN: "from the environment" };
    expect(await resolveAccessToken({ token: "given", env })).toEqual({ accessToken: "given", source: "token" });
    expect(await resolveAccessToken({ env })).toEqual({ accessToken: "from the environment", source: "environment" });
  });

  it("is got for the credentials that are given, then for those of the environment, and nothing is kept", async () => {
    const { shared, server, signIn, text } = await makeWorld();
    await signIn();
    const before = await text();
    const given = await resolveAccessToken({ ...shared, ...credentials });
    expect(given.source).toBe("credentials");
    expect((await server.verifyAccessToken(given.accessToken)).subject).toEqual(expect.any(String));
    const env = { STAY_SIGNED_IN_USERNAME: credentials.username, STAY_SIGNED_IN_PASSWORD: credentials.password };
    expect((await resolveAccessToken({ ...shared, env })).source).toBe("environment");
    expect(await text()).toBe(before);
  });

  it("is the newest one of the file that `stay-signed-in run` keeps fresh", async () => {
    const { folder } = await makeWorld();
    const path = join(folder, "token");
    await writeFile(path, "fresh\n");
    const env = { STAY_SIGNED_IN_TOKEN: "old", STAY_SIGNED_IN_TOKEN_FILE: path };
    expect(await resolveAccessToken({ env })).toEqual({ accessToken: "fresh", source: "environment" });
  });

  it("is that of the stored session, renewed where it is not good for long enough", async () => {
    const { shared, signIn, file, address } = await makeWorld();
    await signIn();
    const stored = (await file.readServer(address)).session?.accessToken;
    expect(await resolveAccessToken(shared)).toEqual({ accessToken: stored, source: "session" });
    await file.updateServer(address, ({ session, ...entry }) => ({
      ...entry,
      session: session && { ...session, accessTokenSentAt: 0, accessTokenExpiresAt: 900_000 },
    }));
    const renewed = await resolveAccessToken(shared);
    expect(renewed.source).toBe("session");
    expect(renewed.accessToken).not.toBe(stored);
  });

  it("is a guest's only when that is allowed, and the same guest's the next time", async () => {
    const { shared, countOf } = await makeWorld();
    await expect(resolveAccessToken(shared)).rejects.toMatchObject({
      code: "sessionEnded",
      message: expect.stringContaining("stay-signed-in login"),
    });
    const first = await resolveAccessToken({ ...shared, allowGuest: true });
    expect(first.source).toBe("guest");
    expect(await resolveAccessToken(shared)).toEqual(first);
    expect(countOf("guestStarted")).toBe(1);
  });

  it("is never a guest's in the place of a session that has ended: the error says how to sign in", async () => {
    const { shared, signIn, server, file, address, countOf } = await makeWorld();
    await signIn();
    const { session } = await file.readServer(address);
    await fetch(`${address}/jwt/logout`, {
      method: "POST",
      headers: { "Auth-Transport": "body", "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: session?.refreshToken }),
    });
    await file.updateServer(address, (entry) => ({
      ...entry,
      session: entry.session && { ...entry.session, accessTokenSentAt: 0, accessTokenExpiresAt: 900_000 },
    }));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(resolveAccessToken({ ...shared, allowGuest: true })).rejects.toMatchObject({
        code: "sessionEnded",
        message: expect.stringContaining(`stay-signed-in login --url ${address}`),
      });
    }
    expect(countOf("guestStarted")).toBe(0);
    expect(server).toBeDefined();
  });

  it("is refused for inputs that contradict each other, with the names of both and the values of none", async () => {
    const { shared } = await makeWorld();
    const environment = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [`STAY_SIGNED_IN_${name}`, "a-secret"]));
    const contradictions = [
      [{ token: "a-secret", username: "ada", password: "a-secret" }, /token.*username/],
      [{ token: "a-secret", password: "a-secret" }, /token.*password/],
      [{ username: "ada" }, /username.*password/],
      [{ password: "a-secret" }, /password.*username/],
      [{ token: "" }, /token is empty/],
      [{ env: environment("TOKEN", "USERNAME", "PASSWORD") }, /STAY_SIGNED_IN_TOKEN.*STAY_SIGNED_IN_USERNAME/],
      [{ env: environment("USERNAME") }, /STAY_SIGNED_IN_USERNAME.*STAY_SIGNED_IN_PASSWORD/],
    ] as const;
    for (const [input, message] of contradictions) {
      const refused = expect(resolveAccessToken({ ...shared, ...input })).rejects;
      await refused.toMatchObject({ code: "invalidOptions", message: expect.stringMatching(message) });
      await expect(resolveAccessToken({ ...shared, ...input })).rejects.not.toThrow(/a-secret/);
    }
    await expect(resolveAccessToken({ env: {} })).rejects.toMatchObject({
      message: expect.stringContaining("STAY_SIGNED_IN_URL"),
    });
  });

  it("says that the password is wrong, and nothing of it", async () => {
    const { shared } = await makeWorld();
    const wrong = resolveAccessToken({ ...shared, username: account.email, password: "not the password" });
    await expect(wrong).rejects.toMatchObject({
      code: "credentialsRejected",
      message: expect.not.stringContaining("not the"),
    });
  });
});
