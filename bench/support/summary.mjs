// The one table that the README quotes: a row a measure, a column a peer, out of what the parts returned.
import { median, round } from "./numbers.mjs";
import { stormPeers } from "./stormPeers.mjs";

const columns = stormPeers.filter(({ file }) => file !== "axiosAuthRefreshUnpaused.js");
const [ours, handWritten, , , oidc, supabase] = columns;

export function summarize({ bytes, storm, tabs, overhead, rendering, start, idle }) {
  const middle = (values) => (values.length === 0 ? "–" : round(median(values)));
  const stormCell = (death) => (name) => {
    const runs = (storm?.raw ?? []).filter(
      (run) => run.peer === name && run.count === 1_000 && run.spreadMs === 0 && run.death === death,
    );
    return [({ refreshes }) => refreshes, ({ failed }) => failed, ({ sends }) => sends]
      .map((pick) => middle(runs.map(pick)))
      .join(" · ");
  };
  const tabRuns = (name, count) =>
    (tabs?.raw ?? []).filter(
      (run) => run.peer === name && run.tabs === count && run.graceMs === 0 && run.death === "expired",
    );
  const tabsCell = (count) => (name) =>
    [({ refreshes }) => refreshes, ({ failed }) => failed]
      .map((pick) => middle(tabRuns(name, count).map(pick)))
      .join(" · ");
  const slowestCell = (name) =>
    middle(
      tabRuns(name, 40)
        .filter(({ failed }) => failed === 0)
        .map(({ ratio }) => ratio),
    );
  const microseconds = overhead?.raw?.[0]?.microseconds ?? {};
  const speedCell = (name) => {
    const key = columns.find((column) => column.name === name)?.file.replace(".js", "");
    const pair = microseconds.plainPair ?? [];
    return middle((microseconds[key] ?? []).map((time, index) => pair[index] / time));
  };
  const waitsCell = (pick) => (name) => middle((overhead?.raw ?? []).filter((wait) => wait.name === name).map(pick));
  // Where the peer has no React part, what is counted is the usual one around it.
  const rendered = { [ours.name]: 0, [handWritten.name]: 1, [oidc.name]: 2, [supabase.name]: 3 };
  const rendersCell = (name) => {
    const run = rendering?.raw?.[rendered[name]];
    return run === undefined ? "–" : round(run.renders / run.renewals);
  };
  const starts = (name, kind) =>
    (start?.raw ?? [])
      .filter((run) => run.name?.split(",")[0] === name && run.kind === kind)
      .map(({ roundTrips }) => roundTrips);
  const idleCell = (name) =>
    middle(
      (idle?.raw ?? []).filter((run) => run.peer === name && run.kind === "hidden").map(({ perMinute }) => perMinute),
    );
  const sizes = [0, 6, 7, 8, 12, 14];
  const bytesCell = (name) => {
    const size = bytes?.raw?.[sizes[columns.findIndex((column) => column.name === name)]]?.bytes;
    return size === undefined ? "–" : `${(size / 1_000).toFixed(1)} kB`;
  };
  const rows = [
    ["1,000 requests at once, token expired: refreshes · failed · sends a request", stormCell("expired")],
    ["1,000 requests at once, token refused by the server: the same", stormCell("refused")],
    ["8 tabs, 20 requests each: refreshes · failed (of 160)", tabsCell(8)],
    ["40 tabs, 5 requests each: refreshes · failed (of 200)", tabsCell(40)],
    ["40 tabs: slowest tab, against one refresh and the same requests", slowestCell],
    ["requests in the time of one through a plain interceptor pair", speedCell],
    ["10,000 waiting requests: bytes each", waitsCell(({ bytes: size }) => Math.round(size))],
    ["10,000 waiting requests released: ms of main-thread work", waitsCell(({ totalMs }) => totalMs)],
    ["renders of a component, each renewal", rendersCell],
    [
      "round trips before the first request after a reload: alone · with a sibling tab",
      (name) => `${middle(starts(name, "alone"))} · ${middle(starts(name, "sibling"))}`,
    ],
    ["wake-ups a minute, hidden and idle", idleCell],
    ["minified and compressed", bytesCell],
  ];
  return {
    title: "Side by side",
    columns: ["", ...columns.map(({ name }) => name)],
    rows: rows
      .map(([label, cell]) => [label, ...columns.map(({ name }) => cell(name).replace(/^–( · –)+$/, "–"))])
      .filter(([, ...cells]) => cells.some((cell) => cell !== "–")),
  };
}
