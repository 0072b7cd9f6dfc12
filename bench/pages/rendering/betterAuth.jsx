import { createAuthClient } from "better-auth/react";

const client = createAuthClient({ baseURL: location.origin });
let refetch;

export const Provider = ({ children }) => children;
export function useShown() {
  const session = client.useSession();
  refetch = session.refetch;
  return session.data?.user.name;
}
export const signIn = async () => {};
export const renew = () => refetch();
export const signOut = () => client.signOut();
