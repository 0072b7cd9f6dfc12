type AppStateStatus = "active" | "background" | "inactive" | "unknown" | "extension";

export declare const AppState: {
  readonly currentState: AppStateStatus;
  addEventListener(type: "change" | "focus" | "blur", listener: (state: AppStateStatus) => void): { remove(): void };
};
