import type { ReactElement } from "react";
import { formatTime } from "./formatTime.ts";
import { nameTab } from "./nameTab.ts";
import type { Board } from "./tabBoard.ts";

/** Every tab whose devtools were heard of: where it is, what it holds, what it does next. */
export function TabsSection({ board }: { board: Board }): ReactElement {
  return (
    <div className="stay-scroll" role="group" aria-label="Tabs" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {["Tab", "Page", "Session", "Activity", "Token", "Next", "Heard"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {board.tabs.map((tab, index) => (
            <tr key={tab.id} data-closed={tab.isClosed}>
              <th scope="row">{tab.id === board.ownId ? `${index + 1}, this tab` : nameTab(tab.id, board)}</th>
              <td>
                <code>{tab.path}</code> {tab.isClosed ? "closed" : tab.isVisible ? "visible" : "hidden"}
              </td>
              <td>{tab.status}</td>
              <td>{tab.activity}</td>
              <td>{tab.token === null ? "none" : <code>{tab.token}</code>}</td>
              <td>{tab.plannedAt === null ? "nothing" : formatTime(tab.plannedAt)}</td>
              <td>{formatTime(tab.heardAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
