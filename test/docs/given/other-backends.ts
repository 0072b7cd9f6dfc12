import type { AuthClient } from "stay-signed-in/client";
import type { OAuth2Options } from "stay-signed-in/backends";

export declare const auth: AuthClient;
export declare const authorizationEndpoint: string;
export declare const clientId: string;
export declare const redirectUri: string;
export declare const endpoints: OAuth2Options["endpoints"];
