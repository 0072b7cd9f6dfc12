import type { NodeAuthClient } from "stay-signed-in/node";

export declare const auth: NodeAuthClient;
export declare const interruption: AbortController;
