// What most apps have: the user and the token in one context.
import { createContext, useContext, useMemo, useState } from "react";

const Context = createContext(null);
const handle = {};

export function Provider({ children }) {
  const [session, setSession] = useState(null);
  Object.assign(handle, { set: setSession });
  const value = useMemo(() => ({ user: session?.user ?? null, token: session?.access_token ?? null }), [session]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}
export const useShown = () => useContext(Context).user?.email;

let current;
const take = async (response) => {
  current = await response.json();
  handle.set(current);
};
export const signIn = async () => take(await fetch("/session"));
export const renew = async () =>
  take(await fetch("/refresh", { method: "POST", body: JSON.stringify({ refresh_token: current.refresh_token }) }));
export const signOut = async () => handle.set(null);
