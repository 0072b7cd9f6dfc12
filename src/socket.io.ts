/**
 * `stay-signed-in/socket.io`: Socket.IO clients that connect as the session's identity and stay connected past its tokens.
 *
 * @module stay-signed-in/socket.io
 */
export { type AuthorizableSocket, type AuthorizeSocketOptions, authorizeSocket } from "./adapters/authorizeSocket.ts";
