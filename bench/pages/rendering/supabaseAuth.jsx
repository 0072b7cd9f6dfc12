// The library has no React part; this is the provider that its documents show.
import { createContext, useContext, useEffect, useState } from "react";
import { client, signIn as begin } from "../../peers/supabaseAuth.js";

const Context = createContext(null);

export function Provider({ children }) {
  const [session, setSession] = useState(null);
  useEffect(() => {
    const { data } = client.onAuthStateChange((_event, next) => setSession(next));
    return () => data.subscription.unsubscribe();
  }, []);
  return <Context.Provider value={session}>{children}</Context.Provider>;
}
export const useShown = () => useContext(Context)?.user.email;
export const signIn = begin;
export const renew = () => client.refreshSession();
export const signOut = () => client.signOut();
