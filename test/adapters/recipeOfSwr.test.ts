// @vitest-environment happy-dom
import { preload } from "swr";
import { expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";

// docs/recipes.md. In a page, since SWR preloads nothing elsewhere; its AbortSignal is not the one that fetch knows.
it("SWR", async () => {
  const auth = createTestAuthClient({ identity: { subject: "ada" } });
  const refused = auth.accessToken.getState();
  const tokens: unknown[] = [];
  const authorizedFetch = authorizeFetch(auth, {
    allowedOrigins: ["https://api.example"],
    fetch: async (_, init) => {
      const token = new Headers(init?.headers).get("authorization");
      tokens.push(token);
      return Response.json({ name: "Ada" }, { status: token === `Bearer ${refused}` ? 401 : 200 });
    },
  });
  const fetcher = (address: string) => authorizedFetch(address).then((answer) => answer.json());
  expect(await preload("https://api.example/me", fetcher)).toEqual({ name: "Ada" });
  expect(tokens).toEqual([`Bearer ${refused}`, `Bearer ${auth.accessToken.getState()}`]);
});
