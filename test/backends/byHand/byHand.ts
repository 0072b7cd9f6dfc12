import { aspNetIdentity } from "./aspNetIdentity.ts";
import { directus } from "./directus.ts";
import { djRestAuth } from "./djRestAuth.ts";
import { elysia } from "./elysia.ts";
import { expressInJson } from "./expressInJson.ts";
import { expressWithCookie } from "./expressWithCookie.ts";
import { nest } from "./nest.ts";
import { pocketBase } from "./pocketBase.ts";
import { simpleJwt } from "./simpleJwt.ts";
import { spring } from "./spring.ts";

/** The ten APIs of the count in docs/other-backends.md, written by hand. */
export const byHand = {
  aspNetIdentity,
  directus,
  djRestAuth,
  elysia,
  expressInJson,
  expressWithCookie,
  nest,
  pocketBase,
  simpleJwt,
  spring,
};
