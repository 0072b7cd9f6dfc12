import type { ComponentType } from "react";

export declare const Editor: ComponentType;
