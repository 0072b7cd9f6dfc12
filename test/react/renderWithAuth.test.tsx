import { act, render, screen } from "@testing-library/react";
import { createContext, useContext, useState } from "react";
import { describe, expect, it } from "vitest";
import { RequireAuth, useAuth, useSession } from "../../src/index.ts";
import { createTestAuthClient } from "../../src/testing.ts";
import { renderWithAuth } from "../../src/testing-react.ts";

function Name() {
  const subject = useAuth((auth) => (auth.status === "authenticated" ? auth.identity.subject : auth.status));
  return <output>{subject}</output>;
}

describe("renderWithAuth", () => {
  it("shows a component to whoever is signed in, and lets the test change that", () => {
    const { auth, container } = renderWithAuth(<Name />, { render, identity: { subject: "ada" } });
    expect(container.textContent).toBe("ada");
    act(() => auth.become({ subject: "bo" }));
    expect(container.textContent).toBe("bo");
    act(() => auth.endSession("expired"));
    expect(container.textContent).toBe("unauthenticated");
  });

  it("starts in the state that is asked for", () => {
    const { container } = renderWithAuth(<Name />, { render, state: { status: "loading" } });
    expect(container.textContent).toBe("loading");
  });

  it("keeps client and children when it renders again", () => {
    const Count = ({ by }: { by: number }) => {
      const [first] = useState(by);
      return <output>{`${first} ${by}`}</output>;
    };
    const page = renderWithAuth(
      <RequireAuth>
        <Count by={1} />
      </RequireAuth>,
      { render, identity: { subject: "ada" } },
    );
    page.rerender(
      <RequireAuth>
        <Count by={2} />
      </RequireAuth>,
    );
    expect(page.container.textContent).toBe("1 2");
    expect(page.auth.startCount).toBe(1);
    page.unmount();
    expect(page.auth.startCount).toBe(0);
  });

  it("stands inside the wrapper, and shows what the server says of the user", async () => {
    const Title = createContext("no title");
    const wrapper = ({ children }: { children: React.ReactNode }) => <Title value="Inbox">{children}</Title>;
    const Mail = () => <output>{`${useContext(Title)}: ${useSession().user?.email ?? "nobody"}`}</output>;
    const auth = createTestAuthClient({ identity: { subject: "ada" }, user: { email: "ada@example.org" } });
    renderWithAuth(<Mail />, { render, wrapper, auth });
    expect(await screen.findByText("Inbox: ada@example.org")).toBeTruthy();
  });
});
