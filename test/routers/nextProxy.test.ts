// @vitest-environment node
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { writeRecipes } from "./recipes.ts";

let recipes: Awaited<ReturnType<typeof writeRecipes>>;
let proxy: (request: Request) => Response | undefined;
let cookie: string;

beforeAll(async () => {
  recipes = await writeRecipes({});
  ({ proxy } = await recipes.load("proxy.ts"));
  const server = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret for tests only, 32 bytes or more",
    publicUrl: "https://app.example",
  });
  const answer = await server.app.request("https://app.example/v1/auth/guest", {
    method: "POST",
    headers: { origin: "https://app.example", "sec-fetch-site": "same-origin" },
  });
  cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(() => recipes.remove());

const visit = (headers: Record<string, string>) =>
  proxy(new Request("https://app.example/notes/7?filter=new", { headers }))?.headers.get("location");

it.each(["same-origin", "none", "cross-site", "same-site", ""])(
  "lets everybody pass whose session it cannot judge: with the server's own cookie, from %j",
  (site) => {
    expect(cookie).toContain("refresh_token.");
    expect(visit({ cookie: `theme=dark; ${cookie}`, "sec-fetch-site": site })).toBeUndefined();
  },
);

it("sends away whom it is certain of: no cookie, though all would have come along", () => {
  for (const site of ["same-origin", "none"])
    expect(visit({ cookie: "theme=dark", "sec-fetch-site": site })).toBe(
      "https://app.example/sign-in?to=%2Fnotes%2F7%3Ffilter%3Dnew",
    );
});

it("sends nobody away who comes by a link from elsewhere: a strict cookie stays at home then", () => {
  for (const site of ["cross-site", "same-site"]) expect(visit({ "sec-fetch-site": site })).toBeUndefined();
  expect(visit({})).toBeUndefined();
});
