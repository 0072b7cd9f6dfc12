export declare function headers(): Promise<Headers>;
