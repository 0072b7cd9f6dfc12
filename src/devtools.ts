/**
 * `stay-signed-in/devtools`: a panel that shows what the client knows and does. Import it in development only; nothing of it is
 * reachable from the other entries.
 *
 * @module stay-signed-in/devtools
 */
"use client";
export { AuthDevtools, type AuthDevtoolsProps } from "./devtools/AuthDevtools.tsx";
