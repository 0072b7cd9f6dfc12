import { countedPreset } from "./support/countLines.ts";
import { describeBackend } from "./support/describeBackend.ts";
import { aspNetWire } from "./wires/aspNetWire.ts";
import { directusWire } from "./wires/directusWire.ts";
import { strapiWire } from "./wires/strapiWire.ts";

describeBackend("directus, refresh token in JSON (documented wire)", ({ now }) => directusWire({ now, mode: "json" }), {
  count: countedPreset("Directus", "directus"),
});
describeBackend(
  "directus, refresh token in a cookie (documented wire)",
  ({ now }) => directusWire({ now, mode: "cookie" }),
  { usesCookie: true },
);
describeBackend("aspNetIdentity (documented wire)", aspNetWire, {
  count: countedPreset("ASP.NET Core Identity", "aspNetIdentity"),
});
describeBackend("strapi, refresh token in JSON (documented wire)", ({ now }) => strapiWire({ now, isHttpOnly: false }));
describeBackend(
  "strapi, refresh token in a cookie (documented wire)",
  ({ now }) => strapiWire({ now, isHttpOnly: true }),
  { usesCookie: true },
);
