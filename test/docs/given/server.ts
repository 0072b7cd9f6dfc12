import type { RequestListener, Server as HttpServer } from "node:http";
import type { RequestHandler } from "express";
import type { Handler, Hono } from "hono";
import type { AuthServer, AuthServerEnvironment } from "stay-signed-in/server";

export declare const auth: AuthServer;
export declare const app: Hono<{ Bindings: AuthServerEnvironment }>;
export declare const application: RequestListener;
export declare const http: HttpServer;
export declare const requireUser: RequestHandler;
export declare function addNote(subject: string, note: unknown): { readonly id: number };
export declare function notesOf(subject: string): string[];
export declare const pay: Handler;
export declare function verifyPasskey(answer: unknown): Promise<{ readonly subjectId: string } | null>;
export declare function finishSocialSignIn(request: Request): Promise<{ readonly id: string }>;
export declare function findTotpSecret(subjectId: string): Promise<string | null>;
export declare function isFreshTotp(subjectId: string, response: unknown): Promise<boolean>;
export declare function moveNotes(from: string, to: string): Promise<void>;
