import type { AuthClient } from "../core/authClient.ts";

const attachments = /* @__PURE__ */ new WeakMap<object, Map<AuthClient, () => void>>();

/** Attaches unless this client is attached to `target` already; attaching twice changes nothing and gives the same detach. */
export function attachOnce(target: object, auth: AuthClient, attach: () => () => void): () => void {
  const clients = attachments.get(target) ?? new Map<AuthClient, () => void>();
  attachments.set(target, clients);
  let detach = clients.get(auth);
  if (!detach) {
    const release = attach();
    detach = () => {
      if (clients.delete(auth)) release();
    };
    clients.set(auth, detach);
  }
  return detach;
}
