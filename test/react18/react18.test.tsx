import { render } from "@testing-library/react";
import { version } from "react";
import { version as domVersion } from "react-dom";
import { version as serverVersion } from "react-dom/server";
import { expect, it } from "vitest";

it("the tests of this project run on React 18, all of its parts", () => {
  expect([version, domVersion, serverVersion]).toEqual(["18.3.1", "18.3.1", "18.3.1"]);
  // React 19 refuses elements that 18 made.
  expect(render(<i>here</i>).container.textContent).toBe("here");
});
