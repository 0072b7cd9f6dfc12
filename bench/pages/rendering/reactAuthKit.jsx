// Renews on an interval and in no other way: the page lets the interval run fast while it renews.
import * as AuthProviderModule from "react-auth-kit/AuthProvider";
import * as createStoreModule from "react-auth-kit/createStore";
import * as useAuthUserModule from "react-auth-kit/hooks/useAuthUser";
import * as useSignInModule from "react-auth-kit/hooks/useSignIn";
import * as useSignOutModule from "react-auth-kit/hooks/useSignOut";

// CommonJS that calls itself a module: bundlers disagree on where its default is.
const defaultOf = (module) => module.default.default ?? module.default;
const AuthProvider = defaultOf(AuthProviderModule);
const createStore = defaultOf(createStoreModule);
const useAuthUser = defaultOf(useAuthUserModule);
const useSignIn = defaultOf(useSignInModule);
const useSignOut = defaultOf(useSignOutModule);

const store = createStore({
  authName: "_auth",
  authType: "localstorage",
  refresh: { interval: 60, refreshApiCallback: async () => ({ isSuccess: false }) },
});
const hooks = {};

function Hooks() {
  Object.assign(hooks, { signIn: useSignIn(), signOut: useSignOut() });
  return null;
}

export const Provider = ({ children }) => (
  <AuthProvider store={store}>
    <Hooks />
    {children}
  </AuthProvider>
);
export const useShown = () => useAuthUser()?.email;

let current;
export const signIn = async () => {
  current = await (await fetch("/session")).json();
  const token = current.access_token;
  // It takes a refresh token only if that is a JWT.
  hooks.signIn({ auth: { token, type: "Bearer" }, refresh: token, userState: { email: "ada@example.org" } });
};
export const renew = async () => {
  const answer = await fetch("/refresh", {
    method: "POST",
    body: JSON.stringify({ refresh_token: current.refresh_token }),
  });
  current = await answer.json();
  // What its provider does with the answer of the callback.
  store.tokenObject.set({ auth: { token: current.access_token, type: "Bearer" }, refresh: current.access_token });
};
export const signOut = async () => hooks.signOut();
