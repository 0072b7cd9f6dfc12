import { SessionProvider, signOut as end, useSession } from "next-auth/react";

export const Provider = ({ children }) => <SessionProvider>{children}</SessionProvider>;
export const useShown = () => useSession().data?.user?.name;
export const signIn = async () => {};
/** The session is renewed whenever it is read; it is read when the page comes back into view. */
export const renew = async () => {
  document.dispatchEvent(new Event("visibilitychange"));
  await new Promise((resolve) => {
    const asked = performance.getEntriesByType("resource").length;
    const look = () =>
      performance.getEntriesByType("resource").length > asked ? setTimeout(resolve, 5) : setTimeout(look, 1);
    look();
  });
  performance.clearResourceTimings();
};
export const signOut = () => end({ redirect: false });
