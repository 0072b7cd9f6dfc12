export declare function connection(): Promise<void>;
