import { randomBytes } from "node:crypto";
import type { AuthServer, Subject } from "stay-signed-in/server";

/** The account of an address that has just been confirmed: by a code that was sent there, or by a provider that vouches for it. */
export async function findOrAddByEmail(auth: AuthServer, email: string): Promise<Subject> {
  const found = await auth.subjects.findByEmail(email);
  if (found === null) {
    const added = await auth.subjects.add({ email, isVerified: true });
    // Null: somebody else added it in the same moment.
    return added ?? findOrAddByEmail(auth, email);
  }
  if (found.isVerified) return found;
  // Whoever registered it never showed that the address is theirs: their password and their sessions must not outlive this.
  await auth.subjects.resetPassword(found.id, randomBytes(32).toString("base64url"));
  await auth.subjects.change(found.id, { isVerified: true });
  return (await auth.subjects.find(found.id)) ?? findOrAddByEmail(auth, email);
}
