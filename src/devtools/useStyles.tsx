import { type ReactElement, useEffect, useSyncExternalStore } from "react";
import { devtoolsStyles } from "./devtoolsStyles.ts";

/**
 * Puts the styles into the page: as a sheet made by script, which no content security policy of styles forbids, or as an
 * element with the nonce that was given, or where there are no such sheets.
 */
export function useStyles(nonce: string | undefined): ReactElement | null {
  const canAdopt = useSyncExternalStore(subscribeToNothing, canAdoptSheets, isLeftToThePage);
  const isElement = nonce !== undefined || !canAdopt;
  useEffect(() => {
    if (isElement) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(devtoolsStyles);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((adopted) => adopted !== sheet);
    };
  }, [isElement]);
  return isElement ? <style nonce={nonce}>{devtoolsStyles}</style> : null;
}

const subscribeToNothing = (): (() => void) => () => {};
const canAdoptSheets = (): boolean => "adoptedStyleSheets" in document && "replaceSync" in CSSStyleSheet.prototype;
const isLeftToThePage = (): boolean => true;
