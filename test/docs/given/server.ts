import type { RequestListener, Server as HttpServer } from "node:http";
import type { RequestHandler } from "express";
import type { Handler, Hono } from "hono";
import type { AuthServer } from "stay-signed-in/server";

export declare const auth: AuthServer;
export declare const app: Hono;
export declare const application: RequestListener;
export declare const http: HttpServer;
export declare const requireUser: RequestHandler;
export declare function addNote(subject: string, note: unknown): { readonly id: number };
export declare function notesOf(subject: string): string[];
export declare const pay: Handler;
