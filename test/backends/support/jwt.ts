const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token in the form of a JWT; nobody in these tests checks a signature. */
export const makeJwt = (claims: object): string => `${encode({ alg: "none" })}.${encode(claims)}.unsigned`;
