import type { AuthClient } from "../core/authClient.ts";

interface Attachment {
  readonly auth: AuthClient;
  readonly detach: (isReplaced?: boolean) => void;
}

// On the target and not in a module: of a module there may be two, after a hot reload or in two bundles on one page.
const key = Symbol.for("stay-signed-in:attachments");

/**
 * One attachment for a target and a session. The same client again changes nothing and gives the same detach; another client of
 * that session, such as the one that a hot reload has just made, takes the place of the former.
 */
export function attachOnce(target: object, auth: AuthClient, attach: () => (isReplaced: boolean) => void): () => void {
  const holder = target as { [key]?: Map<string, Attachment> };
  if (!holder[key]) Object.defineProperty(holder, key, { value: new Map() });
  const attachments = holder[key] as Map<string, Attachment>;
  const { namespace } = auth.internals;
  const former = attachments.get(namespace);
  if (former?.auth === auth) return () => former.detach();
  former?.detach(true);
  const release = attach();
  const attachment: Attachment = {
    auth,
    detach(isReplaced = false) {
      if (attachments.get(namespace) !== attachment) return;
      attachments.delete(namespace);
      release(isReplaced);
    },
  };
  attachments.set(namespace, attachment);
  return () => attachment.detach();
}
