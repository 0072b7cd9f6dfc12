import { expect, it } from "vitest";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTabs } from "../../src/testing.ts";

it("needs no more of a backend than `signIn` and `refresh`, and says what is missing to whoever asks for more", async () => {
  const world = createTabs(1, { app: { fetch: () => new Response(null, { status: 500 }) } });
  const client = createAuthClient({
    platform: world.tabs[0]!.platform,
    backend: {
      signIn: async () => ({ accessToken: "opaque", subject: "ada" }),
      refresh: async () => ({ kind: "ended", reason: "none", namesRefreshToken: true }),
    },
  });
  expect(await client.signIn({ username: "ada", password: "any" })).toMatchObject({ subject: "ada" });
  const wanting = (name: string) => ({ code: "invalidOptions", message: expect.stringContaining(`\`${name}\``) });
  await expect(client.fetchUser()).rejects.toMatchObject(wanting("fetchUser"));
  await expect(client.signOut({ everywhere: true })).rejects.toMatchObject(wanting("signOutOthers"));
  await client.signOut();
  await expect(client.register({ email: "ada@example.org", password: "any" })).rejects.toMatchObject(
    wanting("register"),
  );
  await expect(client.signInAsGuest()).rejects.toMatchObject(wanting("signInAsGuest"));
  client.dispose();
  world.dispose();
});

it("says so when nothing names the subject of a token", async () => {
  const world = createTabs(1, { app: { fetch: () => new Response(null, { status: 500 }) } });
  const client = createAuthClient({
    platform: world.tabs[0]!.platform,
    backend: {
      signIn: async () => ({ accessToken: "opaque" }),
      refresh: async () => ({ kind: "ended", reason: "none", namesRefreshToken: true }),
    },
  });
  await expect(client.signIn({ username: "ada", password: "any" })).rejects.toMatchObject({
    code: "badResponse",
    message: expect.stringContaining("`subject`"),
  });
  client.dispose();
  world.dispose();
});
