import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";
import { type AuthView, createAuthView } from "./authView.ts";

/** Renders only when what `selector` picks out of the view changes. The selector may be a new function at each render. */
export function useSelection<Selection>(caller: string, selector: (auth: AuthView) => Selection): Selection {
  const views = useAuthStore(caller).once(createAuthView);
  const committed = useRef<{ selection: Selection } | null>(null);

  const [getSelection, getServerSelection] = useMemo(() => {
    const select = (getView: () => AuthView): (() => Selection) => {
      let last: { view: AuthView; selection: Selection } | undefined;
      return () => {
        const view = getView();
        if (last?.view === view) return last.selection;
        const fresh = selector(view);
        const former = last ?? committed.current;
        const selection = former !== null && isShallowEqual(former.selection, fresh) ? former.selection : fresh;
        last = { view, selection };
        return selection;
      };
    };
    return [select(views.getView), select(views.getServerView)];
  }, [views, selector]);

  const selection = useSyncExternalStore(views.subscribe, getSelection, getServerSelection);
  useEffect(() => {
    committed.current = { selection };
  }, [selection]);
  return selection;
}

function isShallowEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (!isPlain(left) || !isPlain(right) || Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && Object.is(left[key], right[key]))
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
