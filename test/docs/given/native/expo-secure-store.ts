export declare function getItemAsync(key: string, options?: object): Promise<string | null>;
export declare function setItemAsync(key: string, value: string, options?: object): Promise<void>;
export declare function deleteItemAsync(key: string, options?: object): Promise<void>;
