/**
 * React components under test, with a client in any state. Needs no test runner; the function that renders is handed over.
 *
 * @module stay-signed-in/testing-react
 */
export { renderWithAuth, type RenderWithAuthOptions } from "./testing/renderWithAuth.tsx";
