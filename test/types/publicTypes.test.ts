import { type QueryClient, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import axios from "axios";
import { describe, expectTypeOf, it } from "vitest";
import { authorizeAxios } from "../../src/axios.ts";
import { authorizeFetch } from "../../src/fetch.ts";
import * as root from "../../src/index.ts";
import type {
  AuthClient,
  AuthErrorCode,
  AuthState,
  Identity,
  SignInChallenge,
  UnauthenticatedReason,
  User,
} from "../../src/index.ts";
import { sessionQueryOptions } from "../../src/query.ts";
import { createAuthServer, memoryStore, requireUser } from "../../src/server.ts";

// Nothing here runs: `tsc` is what fails (npm run typecheck, and the first step of npm test).
const never: <T>(code: (...given: never[]) => T) => void = () => {};

describe("AuthState", () => {
  it("is told apart by its status, and lets nothing be read before", () => {
    never((state = {} as AuthState) => {
      // @ts-expect-error -- nobody may be signed in
      void state.identity;
      if (state.status === "authenticated") {
        expectTypeOf(state.identity).toEqualTypeOf<Identity>();
        // @ts-expect-error -- there is no reason for being signed in
        void state.reason;
      } else if (state.status === "unauthenticated") {
        expectTypeOf(state.reason).toEqualTypeOf<UnauthenticatedReason>();
        expectTypeOf(state.previousIdentity).toEqualTypeOf<Identity | null>();
      } else expectTypeOf(state.status).toEqualTypeOf<"loading">();
    });
  });

  it("holds no token in any of its states", () => {
    type Keys<T> = T extends unknown ? keyof T : never;
    expectTypeOf<Extract<Keys<AuthState> | keyof Identity, `${string}oken${string}`>>().toBeNever();
  });

  it("cannot be written to", () => {
    never((state = {} as Extract<AuthState, { status: "authenticated" }>) => {
      // @ts-expect-error -- only the client changes it
      state.status = "authenticated";
      // @ts-expect-error -- and so for who it is
      state.identity.subject = "somebody else";
    });
  });
});

describe("useAuth", () => {
  it("narrows with its actions at hand", () => {
    never(() => {
      const auth = root.useAuth();
      expectTypeOf(auth.signOut).toEqualTypeOf<AuthClient["signOut"]>();
      if (auth.status === "authenticated") expectTypeOf(auth.identity.subject).toBeString();
    });
  });

  it("returns what the selector returns, and shows a selector what is being done", () => {
    never(() => {
      expectTypeOf(root.useAuth(({ status }) => status === "loading")).toEqualTypeOf<boolean>();
      expectTypeOf(root.useAuth(({ activity }) => activity.kind)).toEqualTypeOf<"idle" | "refreshing" | "waiting">();
      // @ts-expect-error -- what is being done would render too often: a selector has to ask for it
      void root.useAuth().activity;
    });
  });
});

describe("useSession", () => {
  it("tells apart who is there, and lets no user be read before the answer", () => {
    never(() => {
      const session = root.useSession();
      expectTypeOf(session.user).toEqualTypeOf<User | null>();
      // @ts-expect-error -- the answer may not be there yet
      void session.user.email;
      if (session.status === "authenticated") expectTypeOf(session.identity).toEqualTypeOf<Identity>();
      else expectTypeOf(session.identity).toBeNull();
    });
  });

  it("is the same as a query, by its options and by its key", () => {
    never((auth = {} as AuthClient, queryClient = {} as QueryClient) => {
      expectTypeOf(useQuery(sessionQueryOptions(auth)).data).toEqualTypeOf<User | undefined>();
      expectTypeOf(useSuspenseQuery(sessionQueryOptions(auth)).data).toEqualTypeOf<User>();
      expectTypeOf(queryClient.ensureQueryData(sessionQueryOptions(auth))).resolves.toEqualTypeOf<User>();
      expectTypeOf(queryClient.getQueryData(sessionQueryOptions(auth).queryKey)).toEqualTypeOf<User | undefined>();
      // @ts-expect-error -- a user has more than a name
      queryClient.setQueryData(sessionQueryOptions(auth).queryKey, { name: "Ada" });
    });
  });
});

describe("RequireAuth", () => {
  it("asks its rule of an identity and of a user, neither of them `any`", () => {
    type When = NonNullable<root.RequireAuthProps["when"]>;
    expectTypeOf<Parameters<When>>().toEqualTypeOf<[identity: Identity, user: User]>();
    never(() => {
      root.RequireAuth({ children: null, when: ({ isGuest }) => !isGuest });
      // @ts-expect-error -- a rule says yes or no
      root.RequireAuth({ children: null, when: ({ subject }) => subject });
    });
  });
});

describe("the client", () => {
  it("gives each event its own detail", () => {
    never((auth = {} as AuthClient) => {
      auth.on("signedIn", (detail) => expectTypeOf(detail.identity).toEqualTypeOf<Identity>());
      auth.on("sessionEnded", (detail) => expectTypeOf(detail.reason).toEqualTypeOf<"expired" | "revoked">());
      // @ts-expect-error -- there is no such event
      auth.on("loggedIn", () => {});
    });
  });

  it("takes its options by name and refuses unknown words", () => {
    never(() => {
      root.createAuthClient({ onSessionEnd: "hold", guests: "never" });
      // @ts-expect-error -- not one of the words
      root.createAuthClient({ guests: "always" });
    });
  });

  it("resolves to identities, tokens and users, none of them `any`", () => {
    expectTypeOf<Awaited<ReturnType<AuthClient["signIn"]>>>().toEqualTypeOf<Identity | SignInChallenge>();
    expectTypeOf<Awaited<ReturnType<AuthClient["getAccessToken"]>>>().toEqualTypeOf<string>();
    expectTypeOf<Awaited<ReturnType<AuthClient["fetchUser"]>>>().toEqualTypeOf<User>();
    expectTypeOf<User["something"]>().toBeUnknown();
    expectTypeOf<User["something"]>().not.toBeAny();
    expectTypeOf<NonNullable<Identity["claims"]>[string]>().not.toBeAny();
  });

  it("fails with codes from a closed list", () => {
    never((error: unknown) => {
      if (root.isAuthError(error)) expectTypeOf(error.code).toEqualTypeOf<AuthErrorCode>();
      // @ts-expect-error -- a typing error in a code is found here
      root.isAuthError(error, "sesionEnded");
    });
  });
});

describe("adapters and server", () => {
  it("take the real instances and give back what is used like them", () => {
    never((auth = {} as AuthClient) => {
      expectTypeOf(authorizeAxios(axios.create(), auth)).toEqualTypeOf<() => void>();
      expectTypeOf(authorizeFetch(auth)).toExtend<typeof fetch>();
    });
  });

  it("know the user behind the middleware", () => {
    never(() => {
      const server = createAuthServer({ store: memoryStore(), accessTokenSecret: "" });
      server.app.get("/notes", requireUser(server), (context) => {
        expectTypeOf(context.var.user.subject).toBeString();
        expectTypeOf(context.var.user.isGuest).toBeBoolean();
        return context.body(null);
      });
    });
  });

  it("export nothing that is `any`", () => {
    type AnyKeys<T> = { [K in keyof T]: 0 extends 1 & T[K] ? K : never }[keyof T];
    expectTypeOf<AnyKeys<typeof root>>().toBeNever();
    expectTypeOf<AnyKeys<typeof import("../../src/query.ts")>>().toBeNever();
    expectTypeOf<AnyKeys<typeof import("../../src/server.ts")>>().toBeNever();
    expectTypeOf<AnyKeys<typeof import("../../src/node.ts")>>().toBeNever();
    expectTypeOf<AnyKeys<typeof import("../../src/testing.ts")>>().toBeNever();
    expectTypeOf<AnyKeys<AuthClient>>().toBeNever();
  });
});
