import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useExample } from "./support/useExample.ts";

const { visit } = useExample();

// N10: the example's own policy allows no styles in the page.
describe("the devtools in the example app", () => {
  const cornerOf = (page: Page) => page.locator("[data-corner]").getAttribute("data-corner");

  it(
    "can be used while a modal dialog is open, and leave the dialog and what is typed into it alone",
    visit(async (page) => {
      await page.getByRole("button", { name: "Continue as guest" }).click();
      await page.getByRole("button", { name: "Keep my notes" }).click();
      const dialog = page.getByRole("dialog", { name: "Keep your notes" });
      await dialog.getByLabel("E-mail").fill("ada@");
      await page.getByRole("button", { name: "Session devtools" }).click();
      await page.getByRole("tab", { name: "Session" }).press("ArrowLeft");
      await page.getByRole("tabpanel", { name: "Try" }).getByRole("button", { name: "Refresh now" }).click();
      await page.getByText("Refresh now: done").waitFor();
      await page.getByRole("tab", { name: "Try" }).press("Escape");
      expect(await page.getByRole("region", { name: "Session devtools" }).count()).toBe(0);
      expect(await dialog.getByLabel("E-mail").inputValue()).toBe("ada@");
      await dialog.getByRole("button", { name: "Close" }).click();
      // Its dialog is gone, and the button is still there.
      await page.getByRole("button", { name: "Session devtools" }).click();
      expect(await page.getByRole("button", { name: "Copy token" }).count()).toBe(0);
      expect(
        await page
          .locator(".stay-toggle, .stay-panel")
          .first()
          .evaluate((part) => getComputedStyle(part).position),
      ).toBe("fixed");
    }),
  );

  it(
    "stay where they were dragged to, open as they were left, and as high",
    visit(async (page) => {
      await page.getByRole("button", { name: "Continue as guest" }).click();
      const toggle = page.getByRole("button", { name: "Session devtools" });
      await toggle.hover();
      await page.mouse.down();
      await page.mouse.move(40, 500, { steps: 5 });
      await page.mouse.up();
      await expect.poll(() => cornerOf(page)).toBe("bottom-left");
      await toggle.click();
      const edge = page.getByRole("separator", { name: "Height of the session devtools" });
      const before = Number(await edge.getAttribute("aria-valuenow"));
      await edge.press("ArrowUp");
      await page.reload();
      expect(Number(await edge.getAttribute("aria-valuenow"))).toBe(before + 24);
      // The end of the page can be scrolled clear of the panel.
      const room = await page.evaluate(() => getComputedStyle(document.documentElement).paddingBlockEnd);
      expect(room).toBe(`${before + 24}px`);
      await page.getByRole("button", { name: "Close session devtools" }).click();
      await page.reload();
      await toggle.waitFor();
      expect(await cornerOf(page)).toBe("bottom-left");
    }),
  );

  it(
    "show their button in a corner where it covers no control",
    visit(
      async (page) => {
        await page.getByRole("button", { name: "Session devtools" }).waitFor();
        await page.evaluate(() => {
          const bar = document.createElement("button");
          bar.textContent = "A bar along the bottom";
          bar.style.cssText = "position: fixed; inset: auto 0 0; height: 50px";
          document.body.append(bar);
          bar.focus();
        });
        await expect.poll(() => cornerOf(page)).toBe("top-right");
      },
      { viewport: { width: 360, height: 640 } },
    ),
  );
});
