/**
 * `stay-signed-in/devtools`: a panel that shows what the client knows and does, in all tabs, and tries what cannot be waited
 * for. Nothing of it is reachable from the other entries, and it renders nothing in a production build unless it is told to.
 *
 * @module stay-signed-in/devtools
 */
"use client";
export { AuthDevtools, type AuthDevtoolsProps } from "./devtools/AuthDevtools.tsx";
