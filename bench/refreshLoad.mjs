// A process of its own, so that the server's is measured alone. It has `tokens.length` sessions, spread over `connections`
// kept-alive connections: each refreshes its sessions in turn, one request at a time.
import { once } from "node:events";
import { Agent, request } from "node:http";

const [{ port, connections, tokens, warmUpMs, measureMs }] = await once(process, "message");
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const spansMs = [];
let answered = 0;
const startedAt = performance.now() + warmUpMs;
const endsAt = startedAt + measureMs;
setTimeout(() => process.send("begins"), warmUpMs);

await Promise.all(Array.from({ length: connections }, (_, connection) => keepRefreshing(connection)));
agent.destroy();
process.send({ spansMs, answered, tokens }, () => process.disconnect());

async function keepRefreshing(connection) {
  const own = [...tokens.keys()].filter((index) => index % connections === connection);
  for (let turn = 0; performance.now() < endsAt; turn += 1) {
    const index = own[turn % own.length];
    const sentAt = performance.now();
    const next = await refresh(tokens[index]);
    const answeredAt = performance.now();
    // Otherwise this measured grace answers, which are cheaper.
    if (next === tokens[index]) throw new Error("The server did not rotate.");
    tokens[index] = next;
    if (answeredAt < startedAt) continue;
    answered += 1;
    if (answeredAt <= endsAt) spansMs.push(answeredAt - sentAt);
  }
}

function refresh(token) {
  const body = JSON.stringify({ refresh_token: token });
  const headers = {
    "auth-transport": "body",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  const path = "/v1/auth/jwt/refresh";
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text).refresh_token);
        else reject(new Error(`A refresh was answered ${response.statusCode}.`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
