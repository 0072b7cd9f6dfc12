import { type Answer, type Caller, createCaller, type TokenFields, tokenOf } from "./caller.ts";
import { expectThat, NotOffered } from "./conformanceCheck.ts";

export interface ConformanceOptions {
  /** The address of the auth endpoints, with the prefix: `http://localhost:8000/v1/auth`. */
  readonly baseUrl: string;
  /** The server's grace time: some checks wait for it to pass. Default 30, as the protocol has it. */
  readonly graceSeconds?: number | undefined;
  /** Default: the machine's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface ConformanceContext {
  readonly baseUrl: URL;
  /** A page of the server's own origin, with a cookie jar of its own. */
  readonly openPage: () => Caller;
  /** A program that keeps its refresh token itself. */
  readonly startProgram: () => Caller;
  /** Somebody who sends none of the headers that tell a page or a program. */
  readonly startStranger: () => Caller;
  /** An account of its own for each check, so that they can run side by side. */
  readonly makeAccount: () => Promise<Account>;
  readonly signIn: (caller: Caller, account: Account) => Promise<TokenFields>;
  /** Refreshes a program's session. */
  readonly refreshBody: (program: Caller, refreshToken: string | undefined) => Promise<Answer>;
  readonly gracePassed: () => Promise<void>;
}

export function createConformanceContext(options: ConformanceOptions): ConformanceContext {
  const baseUrl = new URL(options.baseUrl.replace(/\/$/, ""));
  const fetch = options.fetch ?? globalThis.fetch;
  const graceMs = (options.graceSeconds ?? 30) * 1000;
  const create = (headers: Record<string, string>) => createCaller(baseUrl.href.replace(/\/$/, ""), fetch, headers);
  const openPage = () => create({ origin: baseUrl.origin, "sec-fetch-site": "same-origin" });

  return {
    baseUrl,
    openPage,
    startProgram: () => create({ "auth-transport": "body" }),
    startStranger: () => create({}),
    async makeAccount() {
      const account = { username: `conformance-${crypto.randomUUID()}@example.org`, password: "correct horse battery" };
      const { status } = await openPage().send("POST", "/register", {
        json: { email: account.username, password: account.password },
      });
      expectThat(status === 201, `POST /register answered ${status}, so that nothing can be checked.`);
      return account;
    },
    async signIn(caller, account) {
      return tokenOf(await caller.send("POST", "/jwt/login", { form: { ...account } }));
    },
    refreshBody: (program, refreshToken) =>
      program.send("POST", "/jwt/refresh", { json: { refresh_token: refreshToken } }),
    // A second on top: servers count in whole ones.
    gracePassed: () => new Promise((resolve) => setTimeout(resolve, graceMs + 1000)),
  };
}

/** Whether an application's page answers whatever has no endpoint of its own. */
export function isCatchAllPage({ status, body }: Answer): boolean {
  return status === 200 && typeof body === "string";
}

/** @throws NotOffered for an optional endpoint that is not there. */
export function offered(answer: Answer): Answer {
  if ([404, 405, 501].includes(answer.status)) throw new NotOffered(`answers ${answer.status}`);
  if (isCatchAllPage(answer)) throw new NotOffered("a catch-all page answers");
  return answer;
}
