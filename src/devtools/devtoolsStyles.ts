const light = `
  --surface: #ffffff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --inset: #f3f5f7;
  --accent: #0a58ca; --good: #116329; --good-surface: #dafbe1; --bad: #a40e26; --bad-surface: #ffebe9;
  --wait: #7a4d00; --wait-surface: #fff4d6;`;
const dark = `
  --surface: #14181e; --text: #e6eaf0; --quiet: #9aa5b1; --line: #343c46; --inset: #1f252d;
  --accent: #7ab7ff; --good: #7ee2a0; --good-surface: #12351f; --bad: #ffa198; --bad-surface: #45161a;
  --wait: #f0c674; --wait-surface: #3b2e10;`;

/** Everything lives under one class, its parts have names of their own, and every colour is a variable: the styles of the page and these do not meet. */
export const devtoolsStyles = `
.stay-signed-in-devtools {${light}
  color-scheme: light; font: 13px/1.5 ui-sans-serif, system-ui, sans-serif; color: var(--text); text-align: start; pointer-events: auto;
}
@media (prefers-color-scheme: dark) { .stay-signed-in-devtools[data-theme="system"] {${dark} color-scheme: dark; } }
.stay-signed-in-devtools[data-theme="dark"] {${dark} color-scheme: dark; }
.stay-signed-in-devtools-host {
  position: fixed; inset: auto; z-index: 2147483000; margin: 0; padding: 0; border: 0; width: auto; height: auto; overflow: visible; background: none;
}
.stay-signed-in-devtools .stay-panel {
  box-sizing: border-box; padding: 4px 16px 12px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px;
}
.stay-signed-in-devtools[data-placement="corner"] .stay-panel {
  position: fixed; inset: auto 0 0; display: flex; flex-direction: column; height: min(var(--stay-height, 340px), 85vh); padding: 0;
  border-width: 1px 0 0; border-radius: 0; box-shadow: 0 -8px 28px rgb(0 0 0 / 0.16);
}
.stay-signed-in-devtools .stay-resize { flex: none; height: 7px; cursor: ns-resize; touch-action: none; }
.stay-signed-in-devtools .stay-resize:is(:hover, :focus-visible) { background: var(--accent); outline-offset: -2px; }
.stay-signed-in-devtools .stay-head { flex: none; display: flex; align-items: center; gap: 8px; padding: 0 12px; border-bottom: 1px solid var(--line); }
.stay-signed-in-devtools .stay-tabs { display: flex; flex: 1; min-width: 0; overflow-x: auto; }
.stay-signed-in-devtools button[role="tab"] { padding: 6px 10px; border: 0; border-bottom: 2px solid transparent; border-radius: 0; background: none; color: var(--quiet); }
.stay-signed-in-devtools button[role="tab"][aria-selected="true"] { border-color: var(--accent); color: var(--text); font-weight: 600; }
.stay-signed-in-devtools button[role="tab"]:focus-visible { outline-offset: -3px; }
.stay-signed-in-devtools .stay-body { flex: 1; min-height: 0; overflow: auto; padding: 0 16px 12px; }
.stay-signed-in-devtools .stay-body:focus-visible { outline-offset: -2px; }
.stay-signed-in-devtools .stay-columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 0 24px; }
.stay-signed-in-devtools .stay-columns > div { min-width: 0; }
.stay-signed-in-devtools .stay-place { position: fixed; transition: inset 0.15s; }
.stay-signed-in-devtools .stay-place[data-corner="bottom-right"] { inset: auto 10px 10px auto; }
.stay-signed-in-devtools .stay-place[data-corner="bottom-left"] { inset: auto auto 10px 10px; }
.stay-signed-in-devtools .stay-place[data-corner="top-right"] { inset: 10px 10px auto auto; }
.stay-signed-in-devtools .stay-place[data-corner="top-left"] { inset: 10px auto auto 10px; }
.stay-signed-in-devtools .stay-panel > div { min-width: 0; }
.stay-signed-in-devtools h2 {
  display: flex; justify-content: space-between; align-items: center; margin: 14px 0 6px; padding: 0; border: 0;
  font-size: 12px; font-weight: 600; color: var(--quiet);
}
.stay-signed-in-devtools p, .stay-signed-in-devtools dl, .stay-signed-in-devtools ol { margin: 6px 0; padding: 0; }
.stay-signed-in-devtools .stay-row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
.stay-signed-in-devtools .stay-quiet { color: var(--quiet); }
.stay-signed-in-devtools dl { display: grid; grid-template-columns: 84px 1fr; gap: 4px 8px; align-items: baseline; }
.stay-signed-in-devtools dt { color: var(--quiet); }
.stay-signed-in-devtools dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.stay-signed-in-devtools code, .stay-signed-in-devtools pre {
  font: 12px/1.5 ui-monospace, "SFMono-Regular", Menlo, monospace; color: inherit; background: var(--inset); border-radius: 4px;
}
.stay-signed-in-devtools code { padding: 1px 5px; }
.stay-signed-in-devtools pre { margin: 6px 0 0; padding: 8px 10px; overflow: auto; }
.stay-signed-in-devtools details { margin-top: 8px; }
.stay-signed-in-devtools summary { width: fit-content; border-radius: 4px; cursor: pointer; color: var(--quiet); }
.stay-signed-in-devtools button {
  font: inherit; font-size: 12px; font-weight: 400; color: var(--text); background: var(--inset);
  border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 9px; cursor: pointer;
}
.stay-signed-in-devtools button:hover:not(:disabled) { border-color: var(--quiet); }
.stay-signed-in-devtools button:disabled { color: var(--quiet); opacity: 0.65; cursor: default; }
.stay-signed-in-devtools :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.stay-signed-in-devtools .stay-toggle {
  position: relative; display: grid; place-items: center; box-sizing: border-box; width: 36px; height: 36px; padding: 0; border-radius: 50%;
  background: var(--surface); box-shadow: 0 3px 10px rgb(0 0 0 / 0.2); touch-action: none;
}
.stay-signed-in-devtools .stay-toggle svg { fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.stay-signed-in-devtools .stay-toggle::after {
  position: absolute; inset: -1px -1px auto auto; width: 10px; height: 10px; border: 2px solid var(--surface); border-radius: 50%; background: var(--quiet); content: "";
}
.stay-signed-in-devtools .stay-toggle[data-status="authenticated"]::after { background: var(--good); }
.stay-signed-in-devtools .stay-toggle[data-status="offline"]::after { background: var(--wait); }
.stay-signed-in-devtools .stay-badge {
  display: inline-block; padding: 0 7px; border-radius: 9px; font-size: 12px; background: var(--inset); color: var(--quiet);
}
.stay-signed-in-devtools .stay-badge:is([data-status="authenticated"], [data-outcome="refreshed"]) {
  background: var(--good-surface); color: var(--good);
}
.stay-signed-in-devtools .stay-badge:is([data-status="unauthenticated"], [data-outcome="session ended"]) {
  background: var(--bad-surface); color: var(--bad);
}
.stay-signed-in-devtools .stay-badge:is([data-outcome="failed"], [data-step="renewed"], [data-step="resent"], [data-step="held"]) { background: var(--wait-surface); color: var(--wait); }
.stay-signed-in-devtools progress {
  appearance: none; display: block; width: 100%; height: 8px; border: 0; border-radius: 4px; overflow: hidden; background: var(--inset);
}
.stay-signed-in-devtools progress::-webkit-progress-bar { background: var(--inset); }
.stay-signed-in-devtools progress::-webkit-progress-value { background: var(--good); border-radius: 4px; }
.stay-signed-in-devtools progress::-moz-progress-bar { background: var(--good); border-radius: 4px; }
.stay-signed-in-devtools progress[data-low="true"]::-webkit-progress-value { background: var(--wait); }
.stay-signed-in-devtools progress[data-low="true"]::-moz-progress-bar { background: var(--wait); }
.stay-signed-in-devtools ol { list-style: none; max-height: 168px; overflow: auto; border: 1px solid var(--line); border-radius: 6px; }
.stay-signed-in-devtools li { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: baseline; padding: 3px 8px; overflow-wrap: anywhere; }
.stay-signed-in-devtools .stay-group { flex-wrap: nowrap; }
.stay-signed-in-devtools ul { flex: 1; min-width: 0; list-style: none; margin: 0; padding: 0; }
.stay-signed-in-devtools ul li { padding: 1px 0; }
.stay-signed-in-devtools table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.stay-signed-in-devtools :is(td, th) { padding: 3px 16px 3px 0; text-align: start; font-weight: 400; white-space: nowrap; }
.stay-signed-in-devtools thead th { color: var(--quiet); }
.stay-signed-in-devtools tr[data-closed="true"] { color: var(--quiet); text-decoration: line-through; }
.stay-signed-in-devtools .stay-scroll { overflow-x: auto; }
.stay-signed-in-devtools .stay-claims { display: block; }
.stay-signed-in-devtools .stay-claims > div { display: grid; grid-template-columns: minmax(72px, max-content) 1fr; gap: 8px; padding: 2px 0; }
.stay-signed-in-devtools textarea { width: 100%; font: 12px/1.5 ui-monospace, monospace; color: inherit; background: var(--inset); border: 1px solid var(--line); }
.stay-signed-in-devtools ol > li + li { border-top: 1px solid var(--line); }
.stay-signed-in-devtools li strong { font-weight: 600; }
.stay-signed-in-devtools time { color: var(--quiet); font-variant-numeric: tabular-nums; }
@media (prefers-reduced-motion: reduce) { .stay-signed-in-devtools .stay-place { transition: none; } }
`;
