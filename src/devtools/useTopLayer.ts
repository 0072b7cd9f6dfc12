import { useEffect, useMemo, useSyncExternalStore } from "react";

/**
 * An element for what must be usable always. It stands at the end of the page or, while a modal dialog is open, inside that
 * dialog: whatever is outside is inert then, also in the top layer. As a popover it is above the dialog, however that is cut off.
 *
 * @returns null on a server, and while its page is hydrated.
 */
export function useTopLayer(): HTMLElement | null {
  const isPage = useSyncExternalStore(subscribeToNothing, isInPage, isOnServer);
  const host = useMemo(() => (isPage ? createHost() : null), [isPage]);
  useEffect(() => {
    if (host === null) return;
    const follow = (): void => {
      const parent = findTopDialog() ?? document.body;
      if (host.parentElement === parent) return;
      moveTo(parent, host);
      if ("showPopover" in host) host.showPopover();
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(document.documentElement, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["open"],
    });
    return () => {
      observer.disconnect();
      host.remove();
    };
  }, [host]);
  return host;
}

const subscribeToNothing = (): (() => void) => () => {};
const isInPage = (): boolean => true;
const isOnServer = (): boolean => false;

function createHost(): HTMLElement {
  const host = document.createElement("div");
  host.className = "stay-signed-in-devtools-host";
  if ("showPopover" in host) host.popover = "manual";
  return host;
}

/** The modal dialog on top. Of several the last one opened is; nested ones and later siblings come later in the document. */
function findTopDialog(): Element | undefined {
  try {
    return [...document.querySelectorAll("dialog:modal")].at(-1);
  } catch {
    // No such selector here: then there is no way to tell.
    return undefined;
  }
}

/** The focus, if it was in here, is in here afterwards. */
function moveTo(parent: Element, host: HTMLElement): void {
  const focused = host.contains(document.activeElement) ? document.activeElement : null;
  parent.append(host);
  if (focused instanceof HTMLElement) focused.focus();
}
