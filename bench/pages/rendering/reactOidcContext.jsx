import { AuthProvider, useAuth } from "react-oidc-context";
import { manager, signIn as begin } from "../../peers/oidcClientTs.js";

export const Provider = ({ children }) => <AuthProvider userManager={manager}>{children}</AuthProvider>;
export const useShown = () => useAuth().user?.profile.sub;
export const signIn = begin;
export const renew = () => manager.signinSilent();
export const signOut = () => manager.removeUser();
