interface WorkerEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

export declare const clients: { claim(): Promise<void> };
export declare function skipWaiting(): Promise<void>;
export declare function addEventListener(name: string, listener: (event: WorkerEvent) => unknown): void;
