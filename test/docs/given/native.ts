interface StorageArea {
  get(key: string): Promise<Record<string, string>>;
  set(values: Record<string, string>): Promise<void>;
  remove(key: string): Promise<void>;
}

export declare const chrome: { readonly storage: { readonly local: StorageArea } };
