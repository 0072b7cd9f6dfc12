import { createCookieJar } from "../../../src/testing/cookieJar.ts";

/**
 * What a user does in oidc-provider's own pages: signs in, agrees, and is sent back. Returns the address of the redirect, with the
 * code. A browser of its own each time.
 */
export async function authorizeAs(subject: string, url: string, redirectUri: string): Promise<string> {
  const jar = createCookieJar();
  let [address, form]: [string, Record<string, string> | null] = [url, null];
  for (let step = 0; step < 12; step += 1) {
    const cookie = jar.header(address);
    const response: Response = await fetch(address, {
      redirect: "manual",
      headers: cookie === null ? {} : { cookie },
      ...(form !== null && { method: "POST", body: new URLSearchParams(form) }),
    });
    jar.receive(response.headers.getSetCookie(), address);
    const location = response.headers.get("location");
    if (location !== null) {
      [address, form] = [new URL(location, address).href, null];
      if (address.startsWith(redirectUri)) return address;
      continue;
    }
    const page = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`An unknown page, status ${response.status}.`);
    [address, form] = [new URL(action, address).href, { prompt, login: subject, password: "any" }];
  }
  throw new Error("The sign-in pages did not lead back.");
}
