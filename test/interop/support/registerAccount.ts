export interface Account {
  readonly username: string;
  readonly password: string;
}

/** A new account on a server, made without the package. */
export async function registerAccount(baseUrl: string): Promise<Account> {
  const account = { username: `ada-${crypto.randomUUID()}@example.org`, password: "correct horse battery" };
  const response = await fetch(`${baseUrl}/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: account.username, password: account.password }),
  });
  if (response.status !== 201) throw new Error(`Registering answered ${response.status}.`);
  return account;
}
