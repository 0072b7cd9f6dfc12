import { AuthProvider, createAuthClient, useAuth } from "stay-signed-in";

const auth = createAuthClient();

export const Provider = ({ children }) => <AuthProvider client={auth}>{children}</AuthProvider>;
export const useShown = () => useAuth().status;
export const signIn = async () => {
  await auth.ready();
  await auth.signIn({ username: "ada@example.org", password: "correct horse" });
};
export const renew = () => auth.refresh();
export const signOut = () => auth.signOut();
