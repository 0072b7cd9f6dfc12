// Who can be put in front of a storm of requests; the others hand out no access tokens to attach, or renew them on a timer.
const all = [
  { name: "stay-signed-in", file: "ours.js" },
  { name: "flag and queue (hand-written)", file: "blogInterceptor.js" },
  { name: "axios-auth-refresh 5.0.2", file: "axiosAuthRefresh.js" },
  { name: "the same, deduplicateRefresh: false", file: "axiosAuthRefreshUnpaused.js" },
  { name: "axios-jwt 4.0.3", file: "axiosJwt.js" },
  { name: "oidc-client-ts 3.5.0", file: "oidcClientTs.js" },
  { name: "@supabase/auth-js 2.109.0", file: "supabaseAuth.js" },
];

/** `--ours`: this package alone, to look at it more often. */
export const isOursOnly = process.argv.includes("--ours");
export const stormPeers = isOursOnly ? all.slice(0, 1) : all;
