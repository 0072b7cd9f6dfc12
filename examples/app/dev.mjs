// For developing: the page with hot reload, and the server beside it, which is started anew by starting this anew.
import { createServer as createProbe } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createServer } from "vite";

const root = import.meta.dirname;
const serverPort = process.env.PORT ?? (await findPort());
const target = `http://localhost:${serverPort}`;

const vite = await createServer({
  root,
  configFile: join(root, "vite.config.ts"),
  server: {
    port: Number(process.env.PAGE_PORT ?? 5173),
    proxy: { "/v1": { target }, "/api": { target }, "/socket.io": { target, ws: true } },
  },
});
await vite.listen();

// What people have in the address bar is Vite's address, and the server must know it: it checks where requests come from.
const { port } = vite.httpServer.address();
process.env.PORT = String(serverPort);
process.env.PUBLIC_URL ??= `http://localhost:${port}`;
await vite.ssrLoadModule("/server.ts");

function findPort() {
  return new Promise((resolve) => {
    const probe = createProbe().listen(0, "localhost", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
