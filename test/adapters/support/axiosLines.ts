import axiosCurrent, { type AxiosInstance, type AxiosStatic } from "axios";
import axios027 from "axios-0.27";
import axios10 from "axios-1.0";
import axios17 from "axios-1.7";

/** The aliases have typings of their own lines; the current ones stand for all. */
const asCurrent = (axios: unknown) => axios as AxiosStatic;

/** The oldest and the newest of each supported line of axios, with the adapters that each has in Node. */
export const axiosLines: readonly { version: string; axios: AxiosStatic; adapters: readonly (string | undefined)[] }[] =
  [
    { version: "0.27.2", axios: asCurrent(axios027), adapters: [undefined] },
    { version: "1.0.0", axios: asCurrent(axios10), adapters: [undefined] },
    { version: "1.7.9", axios: asCurrent(axios17), adapters: [undefined, "http", "fetch"] },
    { version: axiosCurrent.VERSION, axios: axiosCurrent, adapters: [undefined, "http", "fetch"] },
  ];

/** Every line with every adapter, named for a test's title. */
export const axiosMatrix = axiosLines.flatMap(({ version, axios, adapters }) =>
  adapters.map((adapter) => ({
    name: `axios ${version}, ${adapter ?? "default"} adapter`,
    version,
    axios,
    adapter,
    create: (config: object): AxiosInstance =>
      axios.create({ ...(adapter ? { adapter: adapter as "http" } : {}), ...config }),
  })),
);
