/** A command line that begins to sign in; resolves to the code that it shows. */
export async function askForDeviceCode(origin: string): Promise<string> {
  const response = await fetch(`${origin}/v1/auth/device/code`, {
    method: "POST",
    body: new URLSearchParams({ client_id: "terminal" }),
  });
  const { user_code: code } = (await response.json()) as { user_code: string };
  return code;
}
