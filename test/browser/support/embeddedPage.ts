import { createAuthClient } from "../../../src/browser/createAuthClient.ts";

const auth = createAuthClient();
auth.start();

Object.assign(globalThis, {
  embedded: {
    status: async () => (await auth.ready()).status,
    signInAsGuest: async () => (await auth.signInAsGuest()).subject,
    /** Renews the token, and says whose it is. */
    renew: async () => {
      await auth.refresh();
      const state = auth.getState();
      return state.status === "authenticated" ? state.identity.subject : state.status;
    },
  },
});
