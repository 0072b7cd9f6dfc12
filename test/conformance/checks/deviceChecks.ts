import type { Answer, Caller } from "../caller.ts";
import { tokenOf } from "../caller.ts";
import { type ConformanceCheck, expectSame, expectThat } from "../conformanceCheck.ts";
import { offered } from "../conformanceContext.ts";

const section = "Device grant";

interface DeviceCode {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

export const deviceChecks: readonly ConformanceCheck[] = [
  {
    id: "D1",
    section,
    sentence: "POST /device/code (optional) answers a device code and a user code XXXX-XXXX without vowels",
    async run({ startProgram }) {
      const code = await askForCode(startProgram());
      expectThat(
        /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/.test(code.user_code),
        "The user code looks different.",
      );
      expectThat(code.device_code.length >= 43, "The device code has fewer than 32 bytes.");
      expectThat(code.expires_in > 0 && code.interval > 0, "expires_in or interval is missing.");
      expectThat(code.verification_uri_complete.includes(code.user_code), "verification_uri_complete lacks the code.");
    },
  },
  {
    id: "D2",
    section,
    sentence: "Until it is approved the answer is authorization_pending; sooner than the interval it is slow_down",
    async run({ startProgram }) {
      const program = startProgram();
      const { device_code } = await askForCode(program);
      expectSame(errorOf(await poll(program, device_code)), "authorization_pending", "the first poll");
      expectSame(errorOf(await poll(program, device_code)), "slow_down", "the second one at once");
      expectSame(errorOf(await poll(program, "nonsense")), "invalid_grant", "an unknown code");
    },
  },
  {
    id: "D3",
    section,
    sentence: "An approved code gives one session, with the refresh token in the body, that of the approving subject",
    async run({ startProgram, openPage, makeAccount, signIn, refreshBody }) {
      const [program, page] = [startProgram(), openPage()];
      const account = await makeAccount();
      const { access_token: bearer, session } = await signIn(page, account);
      const { device_code, user_code } = await askForCode(program);
      const json = { user_code: user_code.toLowerCase().replace("-", " ") };
      expectSame((await page.send("POST", "/device/lookup", { bearer, json })).status, 200, "lookup");
      const approval = { bearer, json: { ...json, password: account.password } };
      expectSame((await page.send("POST", "/device/approve", approval)).status, 204, "approve");
      const redeemed = tokenOf(await poll(program, device_code));
      expectThat(redeemed.session.id !== session.id, "It is the approving session.");
      const again = tokenOf(await poll(program, device_code));
      expectSame(again.session, redeemed.session, "the same code again");
      expectSame((await refreshBody(program, again.refresh_token)).status, 200, "a refresh");
      const me = await program.send("GET", "/users/me", { bearer: redeemed.access_token });
      expectSame((me.body as Record<string, unknown>).email, account.username, "the subject");
    },
  },
  {
    id: "D4",
    section,
    sentence:
      "A denied code gives access_denied; an unknown user code is 404 DEVICE_CODE_UNKNOWN; approving needs a bearer",
    async run({ startProgram, openPage, makeAccount, signIn }) {
      const [program, page] = [startProgram(), openPage()];
      const { device_code, user_code } = await askForCode(program);
      const { access_token: bearer } = await signIn(page, await makeAccount());
      expectSame((await page.send("POST", "/device/approve", { json: { user_code } })).status, 401, "without a bearer");
      const unknown = await page.send("POST", "/device/approve", { bearer, json: { user_code: "BBBB-BBBB" } });
      expectSame([unknown.status, unknown.code], [404, "DEVICE_CODE_UNKNOWN"], "an unknown code");
      expectSame((await page.send("POST", "/device/deny", { bearer, json: { user_code } })).status, 204, "deny");
      expectSame(errorOf(await poll(program, device_code)), "access_denied", "the poll");
    },
  },
  {
    id: "D5",
    section,
    sentence: "Approving needs the account's password in the request, also a moment after the sign-in",
    async run({ startProgram, openPage, makeAccount, signIn }) {
      const [program, page] = [startProgram(), openPage()];
      const { access_token: bearer } = await signIn(page, await makeAccount());
      const { device_code, user_code } = await askForCode(program);
      for (const json of [{ user_code }, { user_code, password: "wrong password" }]) {
        const answer = await page.send("POST", "/device/approve", { bearer, json });
        expectSame([answer.status, answer.code], [403, "REAUTHENTICATION_REQUIRED"], "the approval");
      }
      expectSame(errorOf(await poll(program, device_code)), "authorization_pending", "the poll");
    },
  },
];

async function askForCode(program: Caller): Promise<DeviceCode> {
  const answer = offered(await program.send("POST", "/device/code", { form: { client_id: "conformance" } }));
  expectSame(answer.status, 200, "POST /device/code");
  return answer.body as DeviceCode;
}

function poll(program: Caller, deviceCode: string): Promise<Answer> {
  return program.send("POST", "/device/token", {
    form: {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: deviceCode,
      client_id: "conformance",
    },
  });
}

function errorOf({ status, body }: Answer): unknown {
  expectSame(status, 400, "status");
  return (body as { error?: unknown }).error;
}
