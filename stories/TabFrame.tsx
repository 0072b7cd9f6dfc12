import { type ReactElement, useEffect, useRef, useState } from "react";
import styles from "../.storybook/preview.css?inline";
import { origin, type StoryWorld } from "./storyWorld.ts";
// oxlint-disable-next-line import/default -- what Vite makes of this address exports the script's own address
import tabPageUrl from "./tabPage.tsx?worker&url";
import type {} from "./storyTab.ts";

const page = `<!doctype html><html lang="en"><head><title>A tab</title><style>${styles}</style></head>
<body class="framed"><main class="page" id="root"></main></body></html>`;

/** One browser tab: an iframe with a script context of its own; only its network leads to the server in this page. */
export function TabFrame({ name, world, theme }: { name: string; world: StoryWorld; theme: string }): ReactElement {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isLoaded, setIsLoaded] = useState(false);

  useEffect(() => {
    const inside = frame.current?.contentWindow;
    const document = frame.current?.contentDocument;
    const root = document?.getElementById("root");
    if (!isLoaded || !inside || !document || !root) return;
    inside.storyTab = { namespace: world.namespace, origin, fetch: world.fetchFrom(name) };
    // In development React's refresh expects these to be there before any component.
    Object.assign(inside, { $RefreshReg$: () => {}, $RefreshSig$: () => (type: unknown) => type });
    const script = document.createElement("script");
    script.type = "module";
    script.src = new URL(tabPageUrl, window.document.baseURI).href;
    document.head.append(script);
    // In the next frame: an observer that changes what it observes is told of a loop.
    const fit = new ResizeObserver(() => {
      requestAnimationFrame(() => {
        const height = `${Math.ceil(root.getBoundingClientRect().height)}px`;
        if (frame.current && frame.current.style.height !== height) frame.current.style.height = height;
      });
    });
    fit.observe(root);
    return () => {
      fit.disconnect();
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(world.namespace)) localStorage.removeItem(key);
      }
    };
  }, [isLoaded, name, world]);

  useEffect(() => {
    if (isLoaded) frame.current?.contentDocument?.documentElement.setAttribute("data-theme", theme);
  }, [isLoaded, theme]);

  return (
    <figure className="window">
      <figcaption>
        {name} <span className="quiet">{new URL(origin).host}</span>
      </figcaption>
      <iframe ref={frame} title={name} srcDoc={page} onLoad={() => setIsLoaded(true)} />
    </figure>
  );
}
