// Writes dpop.json anew: node test/vectors/makeDpopVectors.mjs. The keys are made for it and used nowhere else.
import { writeFileSync } from "node:fs";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";

const [one, two] = await Promise.all([generateKeyPair("ES256", { extractable: true }), generateKeyPair("ES256")]);
const [jwk, otherJwk, privateJwk] = await Promise.all([one.publicKey, two.publicKey, one.privateKey].map(exportJWK));
const url = "https://app.example/v1/auth/jwt/refresh";
const nonce = "a-nonce-that-the-server-gave";
const good = { jti: "an-identifier-of-16-bytes", htm: "POST", htu: url, iat: 1_795_824_000, nonce };
const sign = (payload, header = {}, key = one.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk, ...header }).sign(key);
const without = (name) => Object.fromEntries(Object.entries(good).filter(([each]) => each !== name));
const text = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const proof = await sign(good);
const [head, body, signature] = proof.split(".");
const hmac = await new SignJWT(good)
  .setProtectedHeader({ typ: "dpop+jwt", alg: "HS256", jwk })
  .sign(new TextEncoder().encode("a secret of at least thirty-two bytes"));

const cases = [
  ["a good proof", proof, "proved"],
  ["a query and a fragment in htu", await sign({ ...good, htu: `${url}?a=b#c` }), "proved"],
  ["an iat of another day, as a wrong clock has it", await sign({ ...good, iat: 1_000_000_000 }), "proved"],
  ["no nonce", await sign(without("nonce")), "nonceNeeded"],
  ["a nonce that the server did not give", await sign({ ...good, nonce: "another" }), "nonceNeeded"],
  ["a nonce that is no text", await sign({ ...good, nonce: 7 }), "nonceNeeded"],
  ["another method", await sign({ ...good, htm: "GET" }), "refused"],
  ["a method in lower case", await sign({ ...good, htm: "post" }), "refused"],
  ["another path", await sign({ ...good, htu: "https://app.example/v1/auth/jwt/login" }), "refused"],
  ["another host", await sign({ ...good, htu: "https://evil.example/v1/auth/jwt/refresh" }), "refused"],
  ["another scheme", await sign({ ...good, htu: "http://app.example/v1/auth/jwt/refresh" }), "refused"],
  ["an htu that is no address", await sign({ ...good, htu: "/v1/auth/jwt/refresh" }), "refused"],
  ["no htm", await sign(without("htm")), "refused"],
  ["no htu", await sign(without("htu")), "refused"],
  ["no jti", await sign(without("jti")), "refused"],
  ["an empty jti", await sign({ ...good, jti: "" }), "refused"],
  ["a jti of 200 characters", await sign({ ...good, jti: "x".repeat(200) }), "refused"],
  ["no iat", await sign(without("iat")), "refused"],
  ["another type", await sign(good, { typ: "JWT" }), "refused"],
  ["no key", await sign(good, { jwk: undefined }), "refused"],
  ["a key that did not sign", await sign(good, { jwk: otherJwk }), "refused"],
  ["a key with its private half", await sign(good, { jwk: privateJwk }), "refused"],
  ["a shared secret in place of a key", hmac, "refused"],
  ["no algorithm", `${text({ typ: "dpop+jwt", alg: "none", jwk })}.${body}.`, "refused"],
  ["a changed payload", `${head}.${text({ ...good, iat: 0 })}.${signature}`, "refused"],
  ["a changed signature", `${head}.${body}.${signature.slice(0, -4)}AAAA`, "refused"],
  ["no JWT", "nonsense", "refused"],
  ["nothing", "", "refused"],
  ["two proofs", `${proof}, ${proof}`, "refused"],
];
const content = {
  comment: "DPoP proofs (RFC 9449) of a request, and what a server makes of each. `nonce` is the only good one.",
  request: { method: "POST", url },
  nonce,
  thumbprint: await calculateJwkThumbprint(jwk),
  cases: cases.map(([name, proof, verdict]) => ({ name, verdict, proof })),
};
writeFileSync(new URL("dpop.json", import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
