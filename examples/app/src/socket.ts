import { io } from "socket.io-client";
import { authorizeSocket } from "stay-signed-in/socket.io";
import { auth, queryClient } from "./auth.ts";
import { refetchNotes } from "./notesQueries.ts";

/** Open as whoever is signed in, closed while nobody is. A renewed token reaches the server without a new connection. */
export const socket = io({ autoConnect: false });
authorizeSocket(socket, auth);

socket.on("notesChanged", () => void refetchNotes(queryClient));
socket.connect();
