import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { ProviderOptions } from "./social.ts";

/** An identity provider on this machine, for trying things out: it takes any name and any password. */
export async function startDemoProvider(publicUrl: string): Promise<ProviderOptions> {
  let answer: ReturnType<Provider["callback"]> | undefined;
  const server = createServer((request, response) => void answer?.(request, response));
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const clientId = "ways-in";
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: "none",
        redirect_uris: [new URL("/sign-in/social/callback", publicUrl).href],
        application_type: "native",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }),
    }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ["a key of the example"] },
  });
  answer = provider.callback();
  return { issuer, clientId };
}
